//! A place in a schema as all versions have it: where it exists, and which values it takes.

use alloc::vec::Vec;
use core::fmt;

use crate::catalog::{Api, Operation, Parameter};
use crate::check::within;
use crate::pack::Pack;
use crate::schema::{Additional, Schema};
use crate::version::VersionSet;

/// The same place in the schemas of all versions that have it.
///
/// ```
/// # fn demo(bytes: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
/// use contajners_core::Pack;
///
/// let create = Pack::open(bytes)?.api("v1.55")?.operation("ContainerCreate")?;
/// let mounts = create.body_history().property("HostConfig").property("Mounts").inner();
/// assert_eq!(mounts.property("Type").member_versions("\"cluster\"").since(), Some("v1.42"));
/// let bind = mounts.property("BindOptions");
/// assert_eq!(bind.property("CreateMountpoint").versions().since(), Some("v1.42"));
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct SchemaHistory<'a> {
    pack: Pack<'a>,
    /// Oldest version first; at most one of each.
    all: Vec<Schema<'a>>,
}

impl<'a> SchemaHistory<'a> {
    /// Returns what is found in each version: a schema of that version, or nothing.
    pub fn of(pack: Pack<'a>, mut find: impl FnMut(Api<'a>) -> Option<Schema<'a>>) -> Self {
        let found = pack
            .apis()
            .filter_map(|api| find(api).filter(|schema| schema.version() == api.version));
        Self { pack, all: found.collect() }
    }

    fn go(&self, step: impl Fn(Schema<'a>) -> Option<Schema<'a>>) -> Self {
        Self { pack: self.pack, all: { self.all.iter() }.filter_map(|own| step(*own)).collect() }
    }

    fn versions_where(&self, is_so: impl Fn(Schema<'a>) -> bool) -> VersionSet<'a> {
        let mut set = VersionSet::empty(self.pack);
        for schema in self.all.iter().filter(|schema| is_so(**schema)) {
            set.add_version(schema.version());
        }
        set
    }

    /// Returns in which versions the place exists.
    pub fn versions(&self) -> VersionSet<'a> {
        self.versions_where(|_| true)
    }

    /// Goes to a declared field, looked for as [`Schema::property`] does; where there is none, the
    /// place exists in no version.
    pub fn property(&self, name: &str) -> Self {
        self.go(|schema| schema.property(name).map(|property| property.schema))
    }

    /// Goes to the items of a list, or to the values of a map.
    pub fn inner(&self) -> Self {
        self.go(|schema| {
            within(schema, &mut 64, &|schema| match schema.additional() {
                Additional::Schema(values) => Some(values),
                _ => schema.items(),
            })
        })
    }

    /// Returns in which versions a value, as JSON text, is among the only ones allowed here, or in
    /// the items of a list here.
    pub fn member_versions(&self, member: &str) -> VersionSet<'a> {
        self.versions_where(|schema| has_member(schema, &|own| own == member))
    }

    /// Returns in which versions only some values are allowed. In the other versions any value is
    /// allowed, so a value that no list lacks is as old as the field.
    pub fn versions_with_members(&self) -> VersionSet<'a> {
        self.versions_where(|schema| has_member(schema, &|_| true))
    }
}

impl<'a> Schema<'a> {
    /// Returns the schema as a history of its own: that of the one version it is of.
    pub fn alone(self) -> SchemaHistory<'a> {
        SchemaHistory { pack: self.pack(), all: alloc::vec![self] }
    }
}

impl fmt::Debug for SchemaHistory<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SchemaHistory({})", self.versions())
    }
}

fn has_member<'a>(schema: Schema<'a>, is_it: &impl Fn(&str) -> bool) -> bool {
    let found = |schema: Schema<'a>| {
        let schema = schema.items().map_or(schema, Schema::resolved);
        schema.members().any(is_it).then_some(schema)
    };
    within(schema, &mut 64, &found).is_some()
}

impl<'a> Operation<'a> {
    /// Returns its body as all versions of the operation have it, under whatever id; where that
    /// depends on the media type, with the one that is sent by default.
    pub fn body_history(&self) -> SchemaHistory<'a> {
        SchemaHistory::of(self.api().pack(), |api| Some(api.same_operation(self)?.body()?.schema()))
    }

    /// Returns its body with a media type as all versions have it.
    pub fn body_history_as(&self, media_type: &str) -> SchemaHistory<'a> {
        SchemaHistory::of(self.api().pack(), |api| {
            Some(api.same_operation(self)?.body()?.schema_for(media_type))
        })
    }

    /// Returns the body of its answer with a status as all versions have it; `None` is the answer
    /// to any status that is not listed.
    pub fn answer_history(&self, status: Option<u16>) -> SchemaHistory<'a> {
        SchemaHistory::of(self.api().pack(), |api| {
            let own = api.same_operation(self)?;
            own.responses().find(|answer| answer.status() == status)?.schema()
        })
    }
}

impl<'a> Parameter<'a> {
    /// Returns what its values may be as all versions have it that take it in this place.
    pub fn schema_history(&self) -> SchemaHistory<'a> {
        let (name, location) = (self.bare_name(), self.location());
        SchemaHistory::of(self.operation.api().pack(), |api| {
            let mut all = api.same_operation(&self.operation)?.parameters();
            let found = all.find(|own| own.location() == location && own.bare_name() == name)?;
            Some(found.schema())
        })
    }
}
