//! Paths into the schemas of the packs of `resources/`.

#![cfg(feature = "schemas")]

use contajners_core::{Api, ExplainErrorKind, Pack};

fn api(engine: &str, version: &str) -> Api<'static> {
    Pack::open(contajners_resources::pack(engine).unwrap()).unwrap().api(version).unwrap()
}

#[track_caller]
fn check(path: &str, label: &str, versions: &str) {
    let found = api("docker", "v1.55").explain(path).unwrap();
    assert_eq!(
        (&*found.schema.label(), &*found.history.versions().to_string()),
        (label, versions),
        "{path}"
    );
}

#[track_caller]
fn fails(path: &str, kind: ExplainErrorKind, text: &str, reached: &str, hint: Option<&str>) {
    let error = api("docker", "v1.41").explain(path).unwrap_err();
    assert_eq!((error.kind(), &*error.to_string()), (kind, text));
    assert_eq!((error.reached(), error.hint()), (reached, hint));
}

#[test]
fn a_path_leads_through_bodies_answers_definitions_lists_and_maps() {
    check("ContainerCreate.HostConfig.Mounts", "array of Mount", "all versions");
    check("ContainerCreate/HostConfig/Mounts/Type", "string", "all versions");
    check("ContainerCreate.HostConfig.Mounts.*.ImageOptions", "object", "v1.48–v1.55");
    // A map of lists: names are its keys, numbers too, unless what it holds has such fields.
    check("ContainerCreate.HostConfig.PortBindings.80", "array of PortBinding", "all versions");
    check("ContainerCreate.HostConfig.PortBindings.web", "array of PortBinding", "all versions");
    check("ContainerCreate.HostConfig.PortBindings.80.0.HostPort", "string", "v1.35–v1.55");
    check("ContainerCreate.HostConfig.PortBindings.HostPort", "string", "all versions");
    // The body has no such field, the answer has.
    check("ContainerCreate.Warnings", "array of string", "all versions");
    check("ContainerList.Names", "array of string", "all versions");
    check("HostConfig.Annotations", "map of string", "v1.43–v1.55");
    // A field whose name has a dot.
    check("OCIPlatform.os.version", "string", "v1.40–v1.55");
    check("ImageInspect.Descriptor.platform.os.version", "string", "v1.48–v1.55");
    check(
        "ContainerCreate.NetworkingConfig.EndpointsConfig.any.DNSNames",
        "array of string",
        "v1.44–v1.55",
    );
}

#[test]
fn a_path_that_leads_nowhere_says_where_it_ends_and_what_is_near() {
    use ExplainErrorKind::{EmptyPath, NoSchema, UnknownField, UnknownRoot};
    fails(
        "ContainerCreate.HostConfig.Mount.Type",
        UnknownField,
        "`ContainerCreate.HostConfig` has no field `Mount` in docker v1.41",
        "ContainerCreate.HostConfig",
        Some("did you mean `Mounts`?"),
    );
    fails(
        "HostConfig.Annotations",
        UnknownField,
        "`HostConfig` has no field `Annotations` in docker v1.41",
        "HostConfig",
        Some("it exists in v1.43–v1.55"),
    );
    fails(
        "ImageAttestations",
        UnknownRoot,
        "there is no operation and no definition `ImageAttestations` in docker v1.41",
        "",
        Some("it exists in v1.55"),
    );
    fails(
        "ContainerKill.x",
        NoSchema,
        "neither body nor answer of `ContainerKill` has a schema in docker v1.41",
        "",
        None,
    );
    fails(
        "ContainerList\u{1b}[2J",
        UnknownRoot,
        "there is no operation and no definition `ContainerList\u{fffd}[2J` in docker v1.41",
        "",
        Some("did you mean `ContainerList`?"),
    );
    let hint = Some("begin with an operation or a definition");
    fails("./.", EmptyPath, "the path is empty", "", hint);
}

#[test]
fn an_operation_of_one_side_alone_is_added_or_removed() {
    let told = |from: &str, to: &str, id: &str| {
        let changes = api("docker", from).diff_of(api("docker", to), id).unwrap();
        changes.iter().map(|change| format!("{} {}", change.place, change.kind)).collect::<Vec<_>>()
    };
    assert_eq!(told("v1.41", "v1.55", "ImageAttestations"), ["operation added"]);
    assert_eq!(told("v1.55", "v1.41", "ImageAttestations"), ["operation removed"]);
    // The old id leads to the operation that goes by another one now.
    let renamed = "operation renamed from ContainerGetArchive to ContainerArchive";
    assert!(told("v1.27", "v1.28", "ContainerGetArchive").contains(&renamed.into()));
    assert!(api("docker", "v1.41").diff_of(api("docker", "v1.55"), "Nothing").is_err());
}

/// A list whose items are such lists, as a spec may well have it.
#[cfg(feature = "write")]
#[test]
fn a_list_that_holds_itself_comes_to_an_end() {
    use contajners_core::write::{SchemaNode, Shape, VersionRule, Writer};

    let mut writer = Writer::new();
    let [nothing, toy, nest, version] = ["", "toy", "Nest", "v1.0"].map(|text| writer.string(text));
    writer.engine(toy, VersionRule::Newest, &[], &[]);
    writer.version(version, nothing, nothing, &[]);
    let always = writer.version_set(&[0]);
    let node = |shape| SchemaNode {
        format: None,
        members: Vec::new(),
        default: None,
        nullable: false,
        shape,
    };
    let item = writer.schema(&node(Shape::Ref(0)));
    let list = writer.schema(&node(Shape::Array(item)));
    writer.definition(nest, &[(always, list)]);
    let bytes = writer.finish();
    let api = Pack::open(&bytes).unwrap().newest().unwrap();
    assert_eq!(api.explain("Nest.0.*").unwrap().schema.label(), "Nest");
    let error = api.explain("Nest.x").unwrap_err();
    assert_eq!(error.to_string(), "`Nest` has no field `x` in toy v1.0");
}
