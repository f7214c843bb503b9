//! What an operation takes and answers.

use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use super::Api;
use crate::error::{ResolveError, ResolveErrorKind};
use crate::media_type::is_json;
use crate::pack::records::{ParameterRecord, ResponseRecord, VariantRecord, media_types};
use crate::pack::{Pack, Table};
use crate::request::{Answer, Encoding, ListStyle, Location, Method};
use crate::schema::Schema;
use crate::search;
use crate::version::VersionSet;

/// One method on one path, in one version of the API.
#[derive(Clone, Copy)]
pub struct Operation<'a> {
    pub(crate) api: Api<'a>,
    pub(super) index: u32,
    pub(super) method: Method,
    pub(super) variant: VariantRecord<'a>,
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
            let name = operation.pack().text(record.name);
            Parameter { operation, record, name }
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

    /// Returns what is documented of an answer with this status: its own, or that which stands for all
    /// that are not listed.
    pub fn response(&self, status: u16) -> Option<Response<'a>> {
        let of = |wanted| self.responses().find(|own| own.status() == wanted);
        of(Some(status)).or_else(|| of(None))
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

    /// Returns the vendor's page that documents the operation; `None` when the map of sources
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
    /// It is asked for again and again.
    name: &'a str,
}

impl<'a> Parameter<'a> {
    /// Returns the name as the vendor spells it.
    pub fn name(&self) -> &'a str {
        self.name
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

    /// Tells whether the spec requires it. A call without it is refused, but for a header that is
    /// filled in then: with its default, or, of one that carries credentials, with those of nobody.
    /// Fields of a form are required only where the body is neither given as a whole nor left out.
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
