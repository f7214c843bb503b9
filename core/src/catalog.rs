//! The catalogue: what an API version holds, and in which versions a thing exists.

mod operation;

use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use crate::encode::path_literal;
use crate::error::{ResolveError, ResolveErrorKind};
use crate::nearest::{nearest, nearest_names};
use crate::pack::records::{
    DefinitionRecord, NameRecord, OperationRecord, VariantRecord, VersionRecord,
};
use crate::pack::{Pack, Table};
use crate::schema::Schema;
use crate::search;
use crate::version::{ApiVersion, VersionSet, set_contains, version_name};
use crate::words;

pub use self::operation::{Operation, Parameter, RequestBody, Response};

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
        let is_meant =
            |api: &Api<'_>| wanted.is_some() && ApiVersion::parse(api.version()) == wanted;
        { self.apis() }
            .find(|api| api.version() == version)
            .or_else(|| self.apis().rev().find(is_meant))
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
        let record = self.record();
        let mut rest = self.pack.text(record.prefix);
        while let Some((before, after)) = search::split_once(rest, "{version}") {
            path_literal(before, out);
            path_literal(self.pack.text(record.name), out);
            rest = after;
        }
        path_literal(rest, out);
    }

    /// Returns the template of what stands before every path, with `{version}` left in; may be empty.
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

    /// Returns the operations, sorted by path and method; how placeholders are named does not count,
    /// so that an operation keeps its place when one is renamed.
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

    /// As [`operation`](Self::operation), without looking for what else may be meant.
    pub(crate) fn find(&self, id: &str) -> Option<Operation<'a>> {
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

    /// Returns the operations of a category, sorted as [`Self::operations`] are.
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

#[cfg(feature = "schemas")]
impl<'a> Api<'a> {
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
}

impl fmt::Debug for Api<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Api({} {})", self.engine(), self.version())
    }
}
