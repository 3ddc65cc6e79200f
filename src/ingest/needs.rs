//! What a row of each entity must fill.

use super::header::Slot;
use crate::domain::{EntityType, Need, columns};

/// Columns at least one of which must be filled.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) columns: Vec<String>,
    /// The setting that fills the column when it is blank.
    pub(super) setting: Option<&'static str>,
    pub(super) about: &'static str,
}

impl Group {
    /// `extension or phone_number`.
    pub(super) fn names(&self) -> String {
        self.columns.join(" or ")
    }
}

/// The groups of one entity, in the order of the schema.
pub(super) fn groups(entity: EntityType) -> Vec<Group> {
    let mut groups: Vec<(Need, Group)> = Vec::new();
    for column in columns() {
        let Some(need) = column.need(entity) else { continue };
        let setting = match need {
            Need::Optional => continue,
            Need::Required => None,
            Need::OrSetting(setting) => Some(setting),
            Need::OneOf(_) => {
                if let Some((_, group)) = groups.iter_mut().find(|(other, _)| *other == need) {
                    group.columns.push(column.name);
                    continue;
                }
                None
            }
        };
        groups.push((need, Group { columns: vec![column.name], setting, about: column.about }));
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

/// What rows of one entity need, held against one header.
#[derive(Debug, Clone)]
pub(super) struct Needs {
    pub(super) entity: EntityType,
    pub(super) groups: Vec<Group>,
    /// The first group of which the header has no column, with nothing to fill it.
    pub(super) lacking: Option<String>,
}

impl Needs {
    pub(super) fn of(entity: EntityType, slots: &[Slot], default_language: bool) -> Needs {
        let groups = groups(entity);
        let in_header =
            |group: &Group| group.columns.iter().any(|name| slots.iter().any(|slot| slot.name == *name));
        let filled = |group: &Group| group.setting.is_some() && default_language;
        let lacking = groups.iter().find(|group| !in_header(group) && !filled(group)).map(Group::names);
        Needs { entity, groups, lacking }
    }
}
