//! Walks a whole pack and compares every reference with the table it points into.

use super::records::{
    ADDITIONAL_SCHEMA, Ask, ConditionRecord, DefinitionRecord, EngineRecord, FAILED, NameRecord,
    OperationRecord, Pairs, ParameterRecord, ResponseRecord, SIGN, STATUSES, SchemaRecord,
    SignRecord, Tag, VariantRecord, VersionRecord, WaiterRecord, media_types,
};
use super::{Cursor, Pack, PackError, STRIDE, Table};

/// More versions than any engine has had: what goes through all of them stays quick.
const MOST_VERSIONS: u32 = 1024;

pub(super) fn verify(pack: Pack<'_>) -> Result<(), PackError> {
    for table in Table::ALL {
        let (index, records) = pack.parts(table);
        let mut cursor = Cursor::new(records);
        let mut last_string: Option<&[u8]> = None;
        for number in 0..pack.count(table) {
            let damaged = PackError::Structure { table: table.name(), record: number };
            if number % STRIDE == 0 {
                let announced = super::le_u32(index, (number / STRIDE) as usize * 4) as usize;
                if announced != records.len() - cursor.left() {
                    return Err(damaged);
                }
            }
            let Some(record) = cursor.record() else { return Err(damaged) };
            let sound = if table == Table::Strings {
                // They are shown on terminals, which take such characters for commands.
                core::str::from_utf8(record).is_ok_and(|text| !text.chars().any(char::is_control))
                    && last_string.replace(record).is_none_or(|last| last < record)
            } else {
                fits(pack, table, number, Cursor::new(record))
            };
            if !sound {
                return Err(damaged);
            }
        }
        if cursor.left() != 0 {
            return Err(PackError::Structure { table: table.name(), record: pack.count(table) });
        }
    }
    let one_engine = pack.count(Table::Engine) == 1;
    one_engine.then_some(()).ok_or(PackError::Structure { table: "engine", record: 0 })
}

/// Tells whether a record reads to its end, has no kinds and bits but those that there are, and
/// refers only to records that are there.
fn fits(pack: Pack<'_>, table: Table, number: u32, cursor: Cursor<'_>) -> bool {
    let within = |table: Table| move |record: u32| record < pack.count(table);
    let (string, schema) = (within(Table::Strings), within(Table::Schemas));
    let set = within(Table::VersionSets);
    let ended = |end: Cursor<'_>| !end.failed() && end.left() == 0;
    let pairs = |pairs: Pairs<'_>, first: &dyn Fn(u32) -> bool, second: &dyn Fn(u32) -> bool| {
        { pairs }.all(|(a, b)| first(a) && second(b)) && ended(pairs.end())
    };
    match table {
        Table::Strings => true,
        Table::Engine => {
            let record = EngineRecord::read(cursor);
            [record.name, record.ping, record.place].into_iter().all(string)
                && Ask::from_number(record.ask).is_some()
                && record.addresses().all(string)
                && record.errors().all(string)
                && ended(record.errors().end())
        }
        Table::Versions => {
            let record = VersionRecord::read(cursor);
            [record.name, record.prefix, record.doc_url].into_iter().all(string)
                && record.namespaces().all(string)
                && ended(record.namespaces().end())
                && number < MOST_VERSIONS
        }
        Table::VersionSets => {
            let mut next = 0u64;
            pairs(Pairs::tail(cursor), &|_| true, &|len| len > 0)
                && Pairs::tail(cursor).all(|(gap, len)| {
                    next += u64::from(gap) + u64::from(len);
                    next <= u64::from(pack.count(Table::Versions))
                })
        }
        Table::Names => {
            let mut end = cursor;
            let record = NameRecord::here(&mut end);
            let sorted = number.checked_sub(1).is_none_or(|before| {
                NameRecord::read(pack.record(Table::Names, before)).id <= record.id
            });
            sorted && string(record.id) && within(Table::Operations)(record.operation) && ended(end)
        }
        Table::Operations => {
            let record = OperationRecord::read(cursor);
            record.method as u8 == { cursor }.u8()
                && pairs(record.variants, &set, &within(Table::Variants))
        }
        Table::Variants => {
            let record = VariantRecord::read(cursor);
            let media = within(Table::MediaTypes);
            record.is_known()
                && string(record.id)
                && string(record.path)
                && media(record.produces)
                && (!record.has_body()
                    || schema(record.body_schema)
                        && media(record.body_media_types)
                        && record.body_schemas().all(schema))
                && record.parameters().all(within(Table::Parameters))
                && record.responses().all(within(Table::Responses))
                && ended(record.responses().end())
        }
        Table::Parameters => {
            let mut end = cursor;
            let record = ParameterRecord::here(&mut end);
            record.is_known() && string(record.name) && schema(record.schema) && ended(end)
        }
        Table::Responses => {
            let record = ResponseRecord::read(cursor);
            record.status < 1000
                && record.schema().is_none_or(schema)
                && pairs(record.headers(), &string, &schema)
        }
        Table::MediaTypes => {
            let list = media_types(cursor);
            { list }.all(string) && ended(list.end())
        }
        Table::Definitions => {
            let record = DefinitionRecord::read(cursor);
            string(record.name) && pairs(record.variants, &set, &schema)
        }
        Table::Schemas => {
            let record = SchemaRecord::read(cursor);
            let common = record.is_known()
                && record.format().is_none_or(string)
                && record.default().is_none_or(string)
                && record.members().all(string)
                && ended(record.end());
            common
                && match record.tag() {
                    // Nodes come after the nodes they refer to, so no walk can go in circles.
                    Tag::Array => record.target() < number,
                    Tag::Ref => within(Table::Definitions)(record.target()),
                    Tag::AllOf | Tag::OneOf | Tag::AnyOf => {
                        { record.parts() }.all(|part| part < number)
                    }
                    Tag::Object => {
                        record
                            .additional()
                            .checked_sub(ADDITIONAL_SCHEMA)
                            .is_none_or(|node| node < number)
                            && { record.properties() }
                                .all(|(name, node)| string(name >> 1) && node < number)
                    }
                    _ => true,
                }
        }
        Table::Waiters => {
            let record = WaiterRecord::read(cursor);
            let sorted = number.checked_sub(1).is_none_or(|before| {
                WaiterRecord::read(pack.record(Table::Waiters, before)).name <= record.name
            });
            let condition = |condition: ConditionRecord<'_>| {
                condition.bits & !(SIGN | FAILED | STATUSES) == 0
                    && { condition.statuses }.all(|status| status < 1000)
                    && condition.reason.is_none_or(string)
                    && match condition.sign {
                        SignRecord::None => true,
                        SignRecord::Is(pointer, mut values) => {
                            string(pointer) && values.all(string)
                        }
                        SignRecord::Absent(pointer) | SignRecord::Present(pointer) => {
                            string(pointer)
                        }
                    }
            };
            sorted
                && [record.name, record.operation].into_iter().all(string)
                && set(record.versions)
                && record.tells().is_none_or(string)
                && record.parameters().all(|(own, theirs)| string(own) && string(theirs))
                && record.conditions().all(condition)
                && ended(record.conditions().end())
        }
    }
}
