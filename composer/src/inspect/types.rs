//! Types of a program's variables, out of its debugging information: where in a value what lies, wherever the compiler has put it.

use addr2line::gimli::{self, AttributeValue, DwAt, Dwarf, Unit, UnitOffset};
use object::LittleEndian;
use object::read::elf::ElfFile64;

use crate::faults::{Slice, dwarf};

type Entry<'e> = gimli::DebuggingInformationEntry<Slice<'e>>;

/// What the debugging information of a program says.
pub struct Types<'e> {
    dwarf: Dwarf<Slice<'e>>,
    units: Vec<Unit<Slice<'e>>>,
}

/// A type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Type {
    unit: usize,
    entry: UnitOffset,
}

/// A part of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Its type.
    pub of: Type,
    /// Where in the value it starts.
    pub offset: u64,
}

/// What a value can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What tells which; without, there is one.
    pub discriminant: Option<Member>,
    /// By what that is, the variants; the one without a number is what all others mean.
    pub variants: Vec<(Option<u64>, Member)>,
}

impl<'e> Types<'e> {
    /// Reads `elf`. `None` if it says nothing of types.
    pub fn read(elf: &'e [u8]) -> Option<Self> {
        let dwarf = dwarf(&ElfFile64::<LittleEndian>::parse(elf).ok()?)?;
        let mut headers = dwarf.units();
        let mut units = Vec::new();
        while let Some(header) = headers.next().ok()? {
            units.push(dwarf.unit(header).ok()?);
        }
        Some(Self { dwarf, units })
    }

    /// The type of the variable called `name`.
    pub fn of_variable(&self, name: &str) -> Option<Type> {
        (0..self.units.len()).find_map(|unit| self.variable_in(unit, name))
    }

    fn variable_in(&self, unit: usize, name: &str) -> Option<Type> {
        let mut entries = self.units.get(unit)?.entries();
        while let Some(entry) = entries.next_dfs().ok()? {
            if entry.tag() == gimli::DW_TAG_variable && self.name(unit, entry).is_some_and(|it| it == name) {
                return self.type_of(unit, entry);
            }
        }
        None
    }

    /// Bytes of a value.
    pub fn size(&self, of: Type) -> Option<u64> {
        let entry = self.entry(of)?;
        match entry.tag() {
            gimli::DW_TAG_array_type => {
                let (element, count) = self.elements(of)?;
                self.size(element)?.checked_mul(count)
            }
            _ => number(&entry, gimli::DW_AT_byte_size),
        }
    }

    /// The fields of a structure.
    pub fn members(&self, of: Type) -> Vec<Member> {
        self.members_at(of.unit, of.entry)
    }

    /// The type of an array's elements, and how many it has.
    pub fn elements(&self, of: Type) -> Option<(Type, u64)> {
        let entry = self.entry(of).filter(|entry| entry.tag() == gimli::DW_TAG_array_type)?;
        let ranges = self.children(of.unit, of.entry);
        let range = ranges.iter().find(|child| child.tag() == gimli::DW_TAG_subrange_type)?;
        Some((self.type_of(of.unit, &entry)?, number(range, gimli::DW_AT_count)?))
    }

    /// What an enumeration's value can be.
    pub fn choice(&self, of: Type) -> Option<Choice> {
        let children = self.children(of.unit, of.entry);
        let part = children.iter().find(|child| child.tag() == gimli::DW_TAG_variant_part)?;
        let discriminant = self.refers(of.unit, part, gimli::DW_AT_discr);
        let discriminant = discriminant.and_then(|at| self.member(at.unit, &self.entry(at)?));
        let variants =
            self.children(of.unit, part.offset()).into_iter().filter(|child| child.tag() == gimli::DW_TAG_variant);
        let variants = variants.filter_map(|variant| {
            let member = self.members_at(of.unit, variant.offset()).into_iter().next()?;
            Some((number(&variant, gimli::DW_AT_discr_value), member))
        });
        Some(Choice { discriminant, variants: variants.collect() })
    }

    /// What an enumeration without data calls a number.
    pub fn enumerator(&self, of: Type, value: u64) -> Option<String> {
        let children = self.children(of.unit, of.entry);
        let mut all = children.iter().filter(|child| child.tag() == gimli::DW_TAG_enumerator);
        all.find(|child| number(child, gimli::DW_AT_const_value) == Some(value))
            .and_then(|child| self.name(of.unit, child))
    }

    fn members_at(&self, unit: usize, entry: UnitOffset) -> Vec<Member> {
        let children = self.children(unit, entry);
        let members = children.iter().filter(|child| child.tag() == gimli::DW_TAG_member);
        members.filter_map(|member| self.member(unit, member)).collect()
    }

    fn member(&self, unit: usize, entry: &Entry<'e>) -> Option<Member> {
        let name = self.name(unit, entry).unwrap_or_default();
        Some(Member { name, of: self.type_of(unit, entry)?, offset: number(entry, gimli::DW_AT_data_member_location)? })
    }

    fn entry(&self, of: Type) -> Option<Entry<'e>> {
        self.units.get(of.unit)?.entry(of.entry).ok()
    }

    fn children(&self, unit: usize, entry: UnitOffset) -> Vec<Entry<'e>> {
        self.try_children(unit, entry).unwrap_or_default()
    }

    fn try_children(&self, unit: usize, entry: UnitOffset) -> Option<Vec<Entry<'e>>> {
        let mut tree = self.units.get(unit)?.entries_tree(Some(entry)).ok()?;
        let mut children = tree.root().ok()?.children();
        let mut found = Vec::new();
        while let Some(child) = children.next().ok()? {
            found.push(child.entry().clone());
        }
        Some(found)
    }

    fn name(&self, unit: usize, entry: &Entry<'e>) -> Option<String> {
        let name = self.dwarf.attr_string(self.units.get(unit)?, entry.attr_value(gimli::DW_AT_name)?).ok()?;
        Some(name.to_string_lossy().into_owned())
    }

    fn type_of(&self, unit: usize, entry: &Entry<'e>) -> Option<Type> {
        self.refers(unit, entry, gimli::DW_AT_type)
    }

    /// What an entry refers to, in its own unit or in another.
    fn refers(&self, unit: usize, entry: &Entry<'e>, what: DwAt) -> Option<Type> {
        match entry.attr_value(what)? {
            AttributeValue::UnitRef(entry) => Some(Type { unit, entry }),
            AttributeValue::DebugInfoRef(place) => self.units.iter().enumerate().find_map(|(unit, it)| {
                let entry = place.to_unit_offset(&it.header)?;
                Some(Type { unit, entry })
            }),
            _ => None,
        }
    }
}

fn number(entry: &Entry<'_>, what: DwAt) -> Option<u64> {
    let value = entry.attr_value(what)?;
    value.udata_value().or_else(|| value.sdata_value().map(i64::cast_unsigned))
}
