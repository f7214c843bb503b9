//! The catalogue: what an API version holds, and in which versions a thing exists.

use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use crate::error::{ResolveError, ResolveErrorKind};
use crate::nearest::{nearest, nearest_names};
use crate::pack::records::{
    DefinitionRecord, NameRecord, OperationRecord, ParameterRecord, ResponseRecord, VariantRecord,
    VersionRecord, media_types,
};
use crate::pack::{Pack, Table};
use crate::request::{Answer, Encoding, ListStyle, Location, Method};
use crate::resolve::is_json;
use crate::schema::Schema;
use crate::search;
use crate::version::{ApiVersion, VersionSet, set_contains, version_name};
use crate::words;

impl<'a> Pack<'a> {
    /// Returns the API versions of the pack, oldest first.
    pub fn versions(&self) -> impl DoubleEndedIterator<Item = &'a str> + use<'a> {
        let pack = *self;
        (0..self.count(Table::Versions)).map(move |version| version_name(pack, version))
    }

    /// Returns one version of the API, written with or without the leading `v`.
    ///
    /// # Errors
    ///
    /// [`ResolveErrorKind::UnknownVersion`] when the pack has no such version.
    pub fn api(&self, version: &str) -> Result<Api<'a>, ResolveError> {
        self.find_version(version).ok_or_else(|| {
            let mut error =
                ResolveError::new(ResolveErrorKind::UnknownVersion, self.engine(), version);
            error.0.name = version.to_string();
            error.0.nearest = self.near_versions(version);
            let count = self.count(Table::Versions);
            if error.0.nearest.is_empty() && count > 0 {
                error.0.hint = Some(alloc::format!(
                    "the versions go from {} to {}",
                    version_name(*self, 0),
                    version_name(*self, count - 1)
                ));
            }
            error
        })
    }

    /// Returns the newest version of the API; `None` for a pack without any.
    pub fn newest(&self) -> Option<Api<'a>> {
        let version = self.count(Table::Versions).checked_sub(1)?;
        Some(Api { pack: *self, version })
    }

    /// Returns every version of the API, oldest first.
    pub fn apis(&self) -> impl DoubleEndedIterator<Item = Api<'a>> + use<'a> {
        let pack = *self;
        (0..self.count(Table::Versions)).map(move |version| Api { pack, version })
    }

    /// Returns the versions of which something is true.
    pub fn versions_where(&self, mut is_so: impl FnMut(Api<'a>) -> bool) -> VersionSet<'a> {
        let mut set = VersionSet::empty(*self);
        for api in self.apis() {
            if is_so(api) {
                set.add_version(api.version);
            }
        }
        set
    }

    fn find_version(&self, version: &str) -> Option<Api<'a>> {
        let wanted = ApiVersion::parse(version);
        self.apis().rev().find(|api| {
            let own = api.version();
            own == version || wanted.is_some() && ApiVersion::parse(own) == wanted
        })
    }

    /// The versions on either side of one that is not there.
    fn near_versions(&self, version: &str) -> Vec<String> {
        let Some(wanted) = ApiVersion::parse(version) else {
            return nearest_names(version, self.versions());
        };
        let (mut below, mut above) = (None::<(ApiVersion, &str)>, None::<(ApiVersion, &str)>);
        for name in self.versions() {
            let Some(own) = ApiVersion::parse(name) else { continue };
            if own < wanted && below.is_none_or(|(best, _)| best <= own) {
                below = Some((own, name));
            } else if own > wanted && above.is_none_or(|(best, _)| own < best) {
                above = Some((own, name));
            }
        }
        below.into_iter().chain(above).map(|(_, name)| name.into()).collect()
    }

    /// Returns in which versions an operation of that id exists.
    pub fn operation_history(&self, id: &str) -> VersionSet<'a> {
        let mut set = VersionSet::empty(*self);
        let Some(id) = self.find_text(id) else { return set };
        for name in self.names(id) {
            for (versions, variant) in self.operation_record(name.operation).variants {
                if self.variant(variant).id == id {
                    set.add(versions);
                }
            }
        }
        set
    }

    /// Returns the ids of all operations in all versions, sorted.
    pub fn operation_ids(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let pack = *self;
        let mut last = None;
        (0..self.count(Table::Names))
            .map(move |i| NameRecord::read(pack.record(Table::Names, i)).id)
            .filter(move |&id| last.replace(id) != Some(id))
            .map(move |id| pack.text(id))
    }

    fn operation_record(&self, operation: u32) -> OperationRecord<'a> {
        OperationRecord::read(self.record(Table::Operations, operation))
    }

    fn variant(&self, variant: u32) -> VariantRecord<'a> {
        VariantRecord::read(self.record(Table::Variants, variant))
    }

    /// The operations that have the id in some version.
    fn names(&self, id: u32) -> impl Iterator<Item = NameRecord> + use<'a> {
        let pack = *self;
        let name = move |i| NameRecord::read(pack.record(Table::Names, i));
        let count = self.count(Table::Names);
        let (mut low, mut high) = (0, count);
        while low < high {
            let middle = low.midpoint(high);
            if name(middle).id < id {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        (low..count).map(name).take_while(move |name| name.id == id)
    }
}

/// One version of an engine's API.
///
/// Like the [`Pack`] it comes from, it is a reference: copy it at will.
#[derive(Clone, Copy)]
pub struct Api<'a> {
    pub(crate) pack: Pack<'a>,
    pub(crate) version: u32,
}

impl<'a> Api<'a> {
    fn record(&self) -> VersionRecord<'a> {
        VersionRecord::read(self.pack.record(Table::Versions, self.version))
    }

    /// Returns the pack it comes from.
    pub fn pack(&self) -> Pack<'a> {
        self.pack
    }

    /// Returns the engine's name, such as `docker`.
    pub fn engine(&self) -> &'a str {
        self.pack.engine()
    }

    /// Returns the version as the pack spells it, such as `v1.41`.
    pub fn version(&self) -> &'a str {
        version_name(self.pack, self.version)
    }

    /// Appends what stands before every path of this version, such as `/v1.41`.
    pub(crate) fn write_prefix(&self, out: &mut String) {
        let template = self.prefix_template();
        match search::split_once(template, "{version}") {
            Some((before, after)) => {
                out.extend([before, self.version(), after]);
            }
            None => out.push_str(template),
        }
    }

    /// Returns the template of that prefix, with `{version}` left in; may be empty.
    pub fn prefix_template(&self) -> &'a str {
        self.pack.text(self.record().prefix)
    }

    /// Returns the template of documentation URLs, with `{version}` and `{operation}` left in;
    /// may be empty.
    pub fn doc_url_template(&self) -> &'a str {
        self.pack.text(self.record().doc_url)
    }

    /// Returns the path prefixes that make a category of their own (`/libpod`).
    pub fn namespaces(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let pack = self.pack;
        self.record().namespaces().map(move |id| pack.text(id))
    }

    /// Returns the named schemas of this version, in no particular order.
    pub fn definitions(&self) -> impl Iterator<Item = (&'a str, Schema<'a>)> + use<'a> {
        let Self { pack, version } = *self;
        (0..pack.count(Table::Definitions)).filter_map(move |number| {
            let record = DefinitionRecord::read(pack.record(Table::Definitions, number));
            let (_, node) =
                { record.variants }.find(|&(set, _)| set_contains(pack, set, version))?;
            Some((pack.text(record.name), Schema::new(pack, version, node)))
        })
    }

    /// Returns the operations, sorted by path and method.
    pub fn operations(&self) -> impl Iterator<Item = Operation<'a>> + use<'a> {
        let api = *self;
        (0..self.pack.count(Table::Operations)).filter_map(move |index| api.at(index))
    }

    /// Returns the operation of that id, spelled as the vendor does (`ContainerCreate`).
    ///
    /// # Errors
    ///
    /// [`ResolveErrorKind::UnknownOperation`] with the nearest names, and with the versions in
    /// which the id exists when it is another version's.
    pub fn operation(&self, id: &str) -> Result<Operation<'a>, ResolveError> {
        self.find(id).ok_or_else(|| self.unknown_operation(id))
    }

    /// Returns the operation of that id, if it is in a category.
    ///
    /// # Errors
    ///
    /// [`ResolveErrorKind::UnknownCategory`] and [`ResolveErrorKind::UnknownOperation`] with the
    /// nearest names, [`ResolveErrorKind::OtherCategory`] when it is elsewhere.
    pub fn operation_in(&self, category: &str, id: &str) -> Result<Operation<'a>, ResolveError> {
        let found = self.find(id);
        if let Some(operation) = found.filter(|operation| operation.category() == category) {
            return Ok(operation);
        }
        let inside = self.category(category)?;
        let Some(elsewhere) = found else {
            let mut error = self.unknown_operation(id);
            let near = nearest_names(id, inside.iter().map(|operation| operation.id()));
            if !near.is_empty() {
                error.0.nearest = near;
            }
            return Err(error);
        };
        let mut error = elsewhere.error(ResolveErrorKind::OtherCategory, category);
        error.0.hint = Some(alloc::format!("it is in category `{}`", elsewhere.category()));
        Err(error)
    }

    fn find(&self, id: &str) -> Option<Operation<'a>> {
        let id = self.pack.find_text(id)?;
        self.pack
            .names(id)
            .filter_map(|name| self.at(name.operation))
            .find(|operation| operation.variant.id == id)
    }

    /// The operation of that number, when this version has it.
    fn at(&self, index: u32) -> Option<Operation<'a>> {
        let record = self.pack.operation_record(index);
        let (_, variant) =
            { record.variants }.find(|&(set, _)| set_contains(self.pack, set, self.version))?;
        let variant = self.pack.variant(variant);
        Some(Operation { api: *self, index, method: record.method, variant })
    }

    /// The same operation in this version, under whatever id.
    pub(crate) fn same_operation(&self, other: &Operation<'a>) -> Option<Operation<'a>> {
        self.at(other.index)
    }

    /// Whether both are versions of one pack, where the same operation has the same number.
    pub(crate) fn is_of_pack(&self, other: Self) -> bool {
        self.pack.is_same(&other.pack)
    }

    /// Each operation of one pack as two versions have it.
    pub(crate) fn beside(
        self,
        other: Self,
    ) -> impl Iterator<Item = (Option<Operation<'a>>, Option<Operation<'a>>)> {
        (0..self.pack.count(Table::Operations)).map(move |at| (self.at(at), other.at(at)))
    }

    fn unknown_operation(&self, id: &str) -> ResolveError {
        let mut error =
            ResolveError::new(ResolveErrorKind::UnknownOperation, self.engine(), self.version());
        error.0.name = id.to_string();
        // Another version has it: under its new id here, or not at all.
        if let Some(number) = self.pack.find_text(id)
            && self.pack.names(number).next().is_some()
        {
            let renamed = self.pack.names(number).find_map(|name| self.at(name.operation));
            error.0.detail = self.pack.operation_history(id).to_string();
            error.0.hint = Some(match renamed {
                Some(now) => alloc::format!(
                    "it is called `{}` here; `{id}` is its name in {}",
                    now.id(),
                    error.0.detail
                ),
                None => alloc::format!("it exists in {}", error.0.detail),
            });
            return error;
        }
        let mut near = words::meant(id, self.operations());
        if near.is_empty() {
            let ids: Vec<&str> = self.operations().map(|operation| operation.id()).collect();
            near = nearest(id, ids);
        }
        error.0.nearest = near.into_iter().map(Into::into).collect();
        if error.0.nearest.is_empty() {
            // Perhaps it is a misspelt name of another version.
            if let Some(other) = nearest(id, self.pack.operation_ids()).first() {
                error.0.hint = Some(alloc::format!(
                    "`{other}` exists in {}",
                    self.pack.operation_history(other)
                ));
            }
        }
        error
    }

    /// Returns the categories: groups of operations by the first segment of their paths,
    /// sorted.
    pub fn categories(&self) -> Vec<Cow<'a, str>> {
        let mut all: Vec<Cow<'a, str>> = Vec::new();
        for operation in self.operations() {
            let category = operation.category();
            if let Err(at) = all.binary_search(&category) {
                all.insert(at, category);
            }
        }
        all
    }

    /// Returns the operations of a category, sorted by path and method.
    ///
    /// # Errors
    ///
    /// [`ResolveErrorKind::UnknownCategory`] with the nearest names.
    pub fn category(&self, category: &str) -> Result<Vec<Operation<'a>>, ResolveError> {
        let operations: Vec<_> =
            self.operations().filter(|operation| operation.category() == category).collect();
        if operations.is_empty() {
            let mut error =
                ResolveError::new(ResolveErrorKind::UnknownCategory, self.engine(), self.version());
            error.0.name = category.to_string();
            let categories = self.categories();
            error.0.nearest = nearest_names(category, categories.iter().map(|name| &**name));
            return Err(error);
        }
        Ok(operations)
    }

    /// The category that a path lies in.
    fn category_of(&self, path: &'a str) -> Cow<'a, str> {
        let namespace = self.namespaces().find(|namespace| {
            path.strip_prefix(namespace).is_some_and(|rest| rest.starts_with('/'))
        });
        let rest = &path[namespace.map_or(0, str::len)..];
        let segment =
            rest[usize::from(rest.starts_with('/'))..].split(['/', '?']).next().unwrap_or_default();
        match namespace.map(|namespace| namespace.trim_matches('/')) {
            None => Cow::Borrowed(segment),
            // `libpod/containers` stands in the path as it is.
            Some(namespace) if !namespace.contains('/') => {
                let from = usize::from(path.starts_with('/'));
                Cow::Borrowed(
                    path.get(from..from + namespace.len() + 1 + segment.len()).unwrap_or(segment),
                )
            }
            Some(namespace) => Cow::Owned(namespace.replace('/', ".") + "/" + segment),
        }
    }
}

impl fmt::Debug for Api<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Api({} {})", self.engine(), self.version())
    }
}

/// One method on one path, in one version of the API.
#[derive(Clone, Copy)]
pub struct Operation<'a> {
    pub(crate) api: Api<'a>,
    index: u32,
    method: Method,
    variant: VariantRecord<'a>,
}

impl<'a> Operation<'a> {
    fn pack(&self) -> Pack<'a> {
        self.api.pack
    }

    /// Returns the API version it belongs to.
    pub fn api(&self) -> Api<'a> {
        self.api
    }

    /// Returns its id, spelled as the vendor does (`ContainerCreate`).
    pub fn id(&self) -> &'a str {
        self.pack().text(self.variant.id)
    }

    /// Returns the HTTP method.
    pub fn method(&self) -> Method {
        self.method
    }

    /// Returns the path template as the vendor wrote it, without the version's prefix
    /// (`/containers/{id}/json`).
    pub fn path(&self) -> &'a str {
        self.pack().text(self.variant.path)
    }

    /// Returns its category: the first segment of its path, namespaced where the engine has
    /// two APIs (`containers`, `libpod/containers`).
    pub fn category(&self) -> Cow<'a, str> {
        self.api.category_of(self.path())
    }

    /// Returns its parameters in the vendor's order; the body is not among them.
    pub fn parameters(&self) -> impl Iterator<Item = Parameter<'a>> + use<'a> {
        let operation = *self;
        self.variant.parameters().map(move |number| {
            let record = ParameterRecord::read(operation.pack().record(Table::Parameters, number));
            Parameter { operation, record }
        })
    }

    /// Returns the request body, when it takes one.
    pub fn body(&self) -> Option<RequestBody<'a>> {
        self.variant.has_body().then_some(RequestBody { operation: *self })
    }

    /// Returns what a successful answer is.
    pub fn answer(&self) -> Answer {
        self.variant.answer()
    }

    /// Returns the media types an answer may have.
    pub fn produces(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.media_types(self.variant.produces)
    }

    fn media_types(&self, list: u32) -> impl Iterator<Item = &'a str> + use<'a> {
        let pack = self.pack();
        media_types(pack.record(Table::MediaTypes, list)).map(move |id| pack.text(id))
    }

    /// Returns the documented answers.
    pub fn responses(&self) -> impl Iterator<Item = Response<'a>> + use<'a> {
        let operation = *self;
        self.variant.responses().map(move |number| {
            let record = ResponseRecord::read(operation.pack().record(Table::Responses, number));
            Response { operation, record }
        })
    }

    /// Returns in which versions the operation (its method and path, under whatever id) exists.
    pub fn history(&self) -> VersionSet<'a> {
        let mut set = VersionSet::empty(self.pack());
        self.variants().for_each(|(versions, _)| set.add(versions));
        set
    }

    /// Returns the ids the operation has had, each with the versions it had it in.
    pub fn ids(&self) -> Vec<(&'a str, VersionSet<'a>)> {
        let mut ids: Vec<(&str, VersionSet<'a>)> = Vec::new();
        for (versions, variant) in self.variants() {
            let id = self.pack().text(variant.id);
            match ids.iter_mut().find(|(known, _)| *known == id) {
                Some((_, set)) => set.add(versions),
                None => {
                    let mut set = VersionSet::empty(self.pack());
                    set.add(versions);
                    ids.push((id, set));
                }
            }
        }
        ids
    }

    /// Returns in which versions the operation takes a parameter of that name, wherever it
    /// goes.
    pub fn parameter_history(&self, name: &str) -> VersionSet<'a> {
        self.history_of(&|parameter| parameter.is_named(name))
    }

    fn history_of(&self, is_it: &dyn Fn(&Parameter<'a>) -> bool) -> VersionSet<'a> {
        let mut set = VersionSet::empty(self.pack());
        for (versions, variant) in self.variants() {
            if (Self { variant, ..*self }).parameters().any(|parameter| is_it(&parameter)) {
                set.add(versions);
            }
        }
        set
    }

    /// All variants of the operation, with the versions each stands in.
    fn variants(&self) -> impl Iterator<Item = (u32, VariantRecord<'a>)> + use<'a> {
        let pack = self.pack();
        pack.operation_record(self.index)
            .variants
            .map(move |(versions, variant)| (versions, pack.variant(variant)))
    }

    /// Returns the vendor's page that documents the operation; `None` when the sources map
    /// names none.
    pub fn doc_url(&self) -> Option<String> {
        let template = self.api.doc_url_template();
        (!template.is_empty()).then(|| {
            let of_version = search::replaced(template, "{version}", self.api.version());
            search::replaced(&of_version, "{operation}", self.id())
        })
    }

    pub(crate) fn error(&self, kind: ResolveErrorKind, name: &str) -> ResolveError {
        let mut error = ResolveError::new(kind, self.api.engine(), self.api.version());
        error.0.operation = self.id().to_string();
        error.0.name = name.to_string();
        error
    }
}

impl fmt::Debug for Operation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Operation({} {} {})", self.id(), self.method, self.path())
    }
}

/// A named input of an operation: in its path, query, headers or form.
#[derive(Clone, Copy)]
pub struct Parameter<'a> {
    pub(crate) operation: Operation<'a>,
    record: ParameterRecord,
}

impl<'a> Parameter<'a> {
    /// Returns the name as the vendor spells it.
    pub fn name(&self) -> &'a str {
        self.operation.pack().text(self.record.name)
    }

    /// Returns the name without the pattern that some specs put behind a path parameter's
    /// (`name:.*` in Podman before v3.2.0).
    pub fn bare_name(&self) -> &'a str {
        let name = self.name();
        match name.split_once(':') {
            Some((bare, _)) if self.location() == Location::Path => bare,
            _ => name,
        }
    }

    /// Tells whether a caller's name means this parameter: its own, its bare name, any case
    /// for a header, or any of these behind its location (`query.name`).
    pub fn is_named(&self, name: &str) -> bool {
        let own = self.name();
        let means = |name: &str| {
            name == own
                || match self.location() {
                    Location::Path => name == self.bare_name(),
                    Location::Header => name.eq_ignore_ascii_case(own),
                    Location::Query | Location::Form => false,
                }
        };
        means(name)
            || name
                .strip_prefix(self.location().name())
                .and_then(|rest| rest.strip_prefix('.'))
                .is_some_and(means)
    }

    /// Returns where it goes.
    pub fn location(&self) -> Location {
        self.record.location()
    }

    /// Tells whether a call without it is refused. A header that has a default never is: the
    /// default is filled in.
    pub fn required(&self) -> bool {
        self.record.required()
    }

    /// Returns its type, format, default and allowed values.
    pub fn schema(&self) -> Schema<'a> {
        Schema::new(self.operation.pack(), self.operation.api.version, self.record.schema)
    }

    /// Returns how several values are written.
    pub fn style(&self) -> ListStyle {
        self.record.style()
    }

    /// Returns how a structured value becomes text.
    pub fn encoding(&self) -> Encoding {
        self.record.encoding()
    }

    /// Returns in which versions the operation takes it in this place.
    pub fn history(&self) -> VersionSet<'a> {
        let (name, location) = (self.bare_name(), self.location());
        self.operation
            .history_of(&|other| other.location() == location && other.bare_name() == name)
    }
}

impl fmt::Debug for Parameter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Parameter({} in {})", self.name(), self.location())
    }
}

/// The request body of an operation.
#[derive(Debug, Clone, Copy)]
pub struct RequestBody<'a> {
    operation: Operation<'a>,
}

impl<'a> RequestBody<'a> {
    /// Tells whether a call without it is refused.
    pub fn required(&self) -> bool {
        self.operation.variant.body_required()
    }

    /// Returns what it may look like, with the media type that is sent by default.
    pub fn schema(&self) -> Schema<'a> {
        self.schema_of(self.operation.variant.body_schema)
    }

    /// Returns what it may look like with a media type.
    pub fn schema_for(&self, media_type: &str) -> Schema<'a> {
        let number = self.media_types().position(|own| own == media_type).unwrap_or(0);
        let own = self.operation.variant.body_schemas().nth(number);
        own.map_or_else(|| self.schema(), |node| self.schema_of(node))
    }

    /// Returns what it may look like as JSON, which is what values become; `None` when it is never
    /// JSON.
    pub fn json_schema(&self) -> Option<Schema<'a>> {
        match self.media_types().find(|name| is_json(name)) {
            Some(name) => Some(self.schema_for(name)),
            None => self.media_types().next().is_none().then(|| self.schema()),
        }
    }

    /// Returns each media type with what the body may look like then, where that depends on the
    /// media type; otherwise nothing.
    pub fn schemas(&self) -> impl Iterator<Item = (&'a str, Schema<'a>)> + use<'a> {
        let body = *self;
        let all = self.media_types().zip(self.operation.variant.body_schemas());
        all.map(move |(name, node)| (name, body.schema_of(node)))
    }

    /// Tells whether what it may look like depends on its media type.
    pub fn is_by_media_type(&self) -> bool {
        self.operation.variant.body_schemas().next().is_some()
    }

    fn schema_of(&self, node: u32) -> Schema<'a> {
        Schema::new(self.operation.pack(), self.operation.api.version, node)
    }

    /// Returns the media types it may have; the first is the one to send by default.
    pub fn media_types(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.operation.media_types(self.operation.variant.body_media_types)
    }
}

/// A documented answer of an operation.
#[derive(Debug, Clone, Copy)]
pub struct Response<'a> {
    operation: Operation<'a>,
    record: ResponseRecord<'a>,
}

impl<'a> Response<'a> {
    /// Returns the HTTP status; `None` for the answer to any status not listed.
    pub fn status(&self) -> Option<u16> {
        u16::try_from(self.record.status).ok().filter(|&status| status != 0)
    }

    /// Returns what its body looks like, when it has one: as JSON where that is among its media
    /// types. A pack keeps no other.
    pub fn schema(&self) -> Option<Schema<'a>> {
        let node = self.record.schema()?;
        Some(Schema::new(self.operation.pack(), self.operation.api.version, node))
    }

    /// Returns its documented headers and what they may hold.
    pub fn headers(&self) -> impl Iterator<Item = (&'a str, Schema<'a>)> + use<'a> {
        let (pack, version) = (self.operation.pack(), self.operation.api.version);
        self.record
            .headers()
            .map(move |(name, node)| (pack.text(name), Schema::new(pack, version, node)))
    }
}
