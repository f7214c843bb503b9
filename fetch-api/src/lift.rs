//! The way back from a pack to models: versions that a run does not compile are taken from the
//! pack that is there, so that it never loses one.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use contajners_core as core;
use contajners_core::{Api, Pack, SchemaKind, VersionRule};

use crate::model::{
    Additional, Body, Condition, Engine, Kind, Model, Negotiation, Object, Operation, Parameter,
    Response, Schema, Sign, Waiter,
};

/// How deep schemas may be nested; a sound pack has a tenth of that.
const DEPTH_LIMIT: usize = 256;

/// About how many bytes the models of one pack may take. All 75 versions of Podman take 64 MB.
const SIZE_LIMIT: usize = 256 << 20;

/// Why a pack does not come back as models.
///
/// Schemas share their parts in a pack and own them in a model, so that a small pack made for
/// the purpose could grow without end.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LiftError {
    /// The models would become larger than those of any engine.
    TooLarge {
        /// The version that was too much.
        version: String,
        /// The most bytes that all versions may take.
        limit: usize,
    },
    /// A schema is nested deeper than in any spec.
    TooDeep {
        /// The version it stands in.
        version: String,
    },
}

impl LiftError {
    /// A stable name for scripts to match on.
    pub fn code(&self) -> &'static str {
        match self {
            LiftError::TooLarge { .. } => "pack-too-large",
            LiftError::TooDeep { .. } => "pack-too-deep",
        }
    }
}

impl fmt::Display for LiftError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LiftError::TooLarge { version, limit } => {
                write!(f, "with {version} the pack unfolds to more than {limit} bytes")
            }
            LiftError::TooDeep { version } => {
                write!(f, "a schema of {version} is nested deeper than {DEPTH_LIMIT} levels")
            }
        }
    }
}

impl std::error::Error for LiftError {}

/// Returns what a pack says of its engine.
pub fn engine(pack: &Pack<'_>) -> Engine {
    Engine {
        name: pack.engine().to_owned(),
        addresses: pack.addresses().map(str::to_owned).collect(),
        negotiation: match pack.version_rule() {
            VersionRule::Fixed { version } => Negotiation::Fixed(version.to_owned()),
            VersionRule::Header { ping, header } => {
                Negotiation::Header { ping: ping.to_owned(), header: header.to_owned() }
            }
            VersionRule::Json { ping, pointer } => {
                Negotiation::Json { ping: ping.to_owned(), pointer: pointer.to_owned() }
            }
            _ => Negotiation::Newest,
        },
        errors: pack.error_pointers().map(str::to_owned).collect(),
    }
}

/// Returns the models of all versions in a pack, oldest first.
///
/// They are what the pack was compiled from, less the prose; compiling them again gives the
/// same bytes.
///
/// # Errors
///
/// [`LiftError`] when the pack was made to unfold without end.
pub fn models(pack: &Pack<'_>) -> Result<Vec<Model>, LiftError> {
    models_of(pack, |_| true)
}

/// Returns the models of some versions of a pack, oldest first.
///
/// # Errors
///
/// [`LiftError`] when the pack was made to unfold without end.
pub fn models_of(pack: &Pack<'_>, wanted: impl Fn(&str) -> bool) -> Result<Vec<Model>, LiftError> {
    models_within(SIZE_LIMIT, pack, wanted)
}

fn models_within(
    limit: usize,
    pack: &Pack<'_>,
    wanted: impl Fn(&str) -> bool,
) -> Result<Vec<Model>, LiftError> {
    let mut lift = Lift { left: limit };
    let apis = pack.apis().filter(|api| wanted(api.version()));
    apis.map(|api| {
        lift.model(api).map_err(|stop| {
            let version = api.version().to_owned();
            match stop {
                Stop::Large => LiftError::TooLarge { version, limit },
                Stop::Deep => LiftError::TooDeep { version },
            }
        })
    })
    .collect()
}

/// What ends a walk before its time.
enum Stop {
    Large,
    Deep,
}

/// A walk through a pack, with what it may still spend.
struct Lift {
    left: usize,
}

impl Lift {
    fn spend(&mut self, bytes: usize) -> Result<(), Stop> {
        self.left = self.left.checked_sub(bytes).ok_or(Stop::Large)?;
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<String, Stop> {
        self.spend(size_of::<String>() + text.len())?;
        Ok(text.to_owned())
    }

    fn texts<'p>(&mut self, texts: impl Iterator<Item = &'p str>) -> Result<Vec<String>, Stop> {
        texts.map(|text| self.text(text)).collect()
    }

    fn model(&mut self, api: Api<'_>) -> Result<Model, Stop> {
        self.spend(size_of::<Model>())?;
        Ok(Model {
            version: self.text(api.version())?,
            prefix: self.text(api.prefix_template())?,
            doc_url: self.text(api.doc_url_template())?,
            namespaces: self.texts(api.namespaces())?,
            operations: api
                .operations()
                .map(|operation| self.operation(operation))
                .collect::<Result<_, _>>()?,
            definitions: api
                .definitions()
                .map(|(name, of)| Ok((self.text(name)?, self.schema(of)?)))
                .collect::<Result<_, _>>()?,
            waiters: api
                .waiters()
                .map(|waiter| Ok((self.text(waiter.name())?, self.waiter(waiter)?)))
                .collect::<Result<_, _>>()?,
        })
    }

    fn waiter(&mut self, waiter: core::Waiter<'_>) -> Result<Waiter, Stop> {
        self.spend(size_of::<Waiter>())?;
        let millis = |duration: Duration| u32::try_from(duration.as_millis()).unwrap_or(u32::MAX);
        Ok(Waiter {
            operation: self.text(waiter.operation_id())?,
            parameters: waiter
                .parameters()
                .map(|(own, theirs)| Ok((self.text(own)?, self.text(theirs)?)))
                .collect::<Result<_, _>>()?,
            every: millis(waiter.every()),
            within: waiter.within().map_or(0, millis),
            tells: waiter.tells().map(|pointer| self.text(pointer)).transpose()?,
            conditions: waiter
                .conditions()
                .map(|condition| self.condition(&condition))
                .collect::<Result<_, _>>()?,
        })
    }

    fn condition(&mut self, condition: &core::Condition<'_>) -> Result<Condition, Stop> {
        self.spend(size_of::<Condition>())?;
        self.spend(size_of_val(&*condition.statuses))?;
        let sign = match &condition.sign {
            None => None,
            Some(core::Sign::Is(pointer, values)) => {
                Some(Sign::Is(self.text(pointer)?, self.texts(values.iter().copied())?))
            }
            Some(core::Sign::Absent(pointer)) => Some(Sign::Absent(self.text(pointer)?)),
            Some(core::Sign::Present(pointer)) => Some(Sign::Present(self.text(pointer)?)),
        };
        let statuses = condition.statuses.clone();
        Ok(Condition {
            statuses,
            sign,
            failed: condition.failed.map(|why| self.text(why)).transpose()?,
        })
    }

    fn operation(&mut self, operation: core::Operation<'_>) -> Result<Operation, Stop> {
        self.spend(size_of::<Operation>())?;
        Ok(Operation {
            id: self.text(operation.id())?,
            method: operation.method(),
            path: self.text(operation.path())?,
            parameters: operation
                .parameters()
                .map(|parameter| self.parameter(parameter))
                .collect::<Result<_, _>>()?,
            body: match operation.body() {
                Some(body) => Some(Body {
                    required: body.required(),
                    schema: self.schema(body.schema())?,
                    media_types: self.texts(body.media_types())?,
                    schemas: match body.is_by_media_type() {
                        true => body
                            .media_types()
                            .map(|name| self.schema(body.schema_for(name)))
                            .collect::<Result<_, _>>()?,
                        false => Vec::new(),
                    },
                }),
                None => None,
            },
            produces: self.texts(operation.produces())?,
            responses: operation
                .responses()
                .map(|response| self.response(response))
                .collect::<Result<_, _>>()?,
            answer: operation.answer(),
            summary: String::new(),
            description: String::new(),
        })
    }

    fn parameter(&mut self, parameter: core::Parameter<'_>) -> Result<Parameter, Stop> {
        self.spend(size_of::<Parameter>())?;
        Ok(Parameter {
            name: self.text(parameter.name())?,
            location: parameter.location(),
            required: parameter.required(),
            schema: self.schema(parameter.schema())?,
            style: parameter.style(),
            encoding: parameter.encoding(),
            description: String::new(),
        })
    }

    fn response(&mut self, response: core::Response<'_>) -> Result<Response, Stop> {
        self.spend(size_of::<Response>())?;
        Ok(Response {
            status: response.status().unwrap_or(0),
            schema: match response.schema() {
                Some(of) => Some(self.schema(of)?),
                None => None,
            },
            headers: response
                .headers()
                .map(|(name, of)| Ok((self.text(name)?, self.schema(of)?)))
                .collect::<Result<_, _>>()?,
        })
    }

    fn schema(&mut self, of: core::Schema<'_>) -> Result<Schema, Stop> {
        self.nested(of, DEPTH_LIMIT)
    }

    fn nested(&mut self, of: core::Schema<'_>, depth: usize) -> Result<Schema, Stop> {
        self.spend(size_of::<Schema>())?;
        let depth = depth.checked_sub(1).ok_or(Stop::Deep)?;
        let kind = match of.kind() {
            SchemaKind::String => Kind::String,
            SchemaKind::Integer => Kind::Integer,
            SchemaKind::Number => Kind::Number,
            SchemaKind::Boolean => Kind::Boolean,
            SchemaKind::Null => Kind::Null,
            SchemaKind::File => Kind::File,
            SchemaKind::Array => Kind::Array(Box::new(match of.items() {
                Some(items) => self.nested(items, depth)?,
                None => Schema::any(),
            })),
            SchemaKind::Object => Kind::Object(self.object(of, depth)?),
            SchemaKind::AllOf => Kind::AllOf(self.parts(of, depth)?),
            SchemaKind::OneOf => Kind::OneOf(self.parts(of, depth)?),
            SchemaKind::AnyOf => Kind::AnyOf(self.parts(of, depth)?),
            SchemaKind::Ref => Kind::Ref(self.text(of.definition().unwrap_or_default())?),
            _ => Kind::Any,
        };
        Ok(Schema {
            kind,
            format: self.text(of.format().unwrap_or_default())?,
            members: self.texts(of.members())?,
            default: match of.default() {
                Some(text) => Some(self.text(text)?),
                None => None,
            },
            nullable: of.nullable(),
        })
    }

    fn parts(&mut self, of: core::Schema<'_>, depth: usize) -> Result<Vec<Schema>, Stop> {
        of.parts().map(|part| self.nested(part, depth)).collect()
    }

    fn object(&mut self, of: core::Schema<'_>, depth: usize) -> Result<Object, Stop> {
        let mut properties = BTreeMap::new();
        for property in of.properties() {
            let name = self.text(property.name)?;
            properties.insert(name, (self.nested(property.schema, depth)?, property.required));
        }
        let additional = match of.additional() {
            core::Additional::Forbidden => Additional::Forbidden,
            core::Additional::Any => Additional::Any,
            core::Additional::Schema(of) => Additional::Schema(Box::new(self.nested(of, depth)?)),
            _ => Additional::Unsaid,
        };
        Ok(Object { properties, additional })
    }
}

#[cfg(test)]
mod tests {
    use contajners_core::write::{self, SchemaNode, Shape, Writer};

    use super::*;

    fn node(shape: Shape) -> SchemaNode {
        SchemaNode { format: None, members: Vec::new(), default: None, nullable: false, shape }
    }

    /// A pack with one definition, whose schema is the last of these nodes.
    fn pack(nodes: &[SchemaNode]) -> Vec<u8> {
        let mut writer = Writer::new();
        let [nothing, name, version] = ["", "toy", "v1.0"].map(|text| writer.string(text));
        writer.engine(name, write::VersionRule::Newest, &[], &[]);
        writer.version(version, nothing, nothing, &[]);
        let always = writer.version_set(&[0]);
        let last = nodes.iter().map(|node| writer.schema(node)).last().unwrap();
        writer.definition(name, &[(always, last)]);
        writer.finish()
    }

    #[track_caller]
    fn refuses(nodes: &[SchemaNode], expected: &str) {
        let bytes = pack(nodes);
        let pack = Pack::open(&bytes).unwrap();
        pack.verify().unwrap();
        let error = models_within(1 << 20, &pack, |_| true).unwrap_err();
        assert_eq!(error.to_string(), expected);
        assert_eq!(models_of(&pack, |version| version != "v1.0"), Ok(Vec::new()));
    }

    #[test]
    fn a_pack_that_doubles_at_each_step_is_refused() {
        let mut nodes = vec![node(Shape::Any)];
        for number in 0..64 {
            nodes.push(node(Shape::AllOf(vec![number, number])));
        }
        refuses(&nodes, "with v1.0 the pack unfolds to more than 1048576 bytes");
    }

    #[test]
    fn a_pack_that_goes_ever_deeper_is_refused() {
        let mut nodes = vec![node(Shape::Any)];
        for number in 0..300 {
            let additional = write::Additional::Schema(number);
            nodes.push(node(Shape::Object { additional, properties: Vec::new() }));
        }
        refuses(&nodes, "a schema of v1.0 is nested deeper than 256 levels");
    }
}
