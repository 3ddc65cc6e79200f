//! The rule of quotes, kept while the text passes (R14): one opens only where a cell begins, and behind the one that closes it
//! stands a delimiter or a line end. The CSV reader forgives more than that, and would join rows without a word.

use std::io::{self, Read};

use super::bytes::Source;
use super::dialect::Dialect;

/// A cell on more lines than this has an open quote.
pub(super) const MAX_LINES: u64 = 50;

/// The text of a file up to the first quote that breaks the rule, and an error there.
pub(super) struct Quoted {
    source: Source,
    delimiter: u8,
    at: At,
    line: u64,
    cell: usize,
    /// Where the last quote opened.
    opened: (u64, usize),
    damage: Option<Damage>,
}

/// A quote that breaks the rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Damage {
    /// The line on which it opens.
    pub(super) line: u64,
    /// In which cell of its record, from 0.
    pub(super) cell: usize,
    /// What is wrong, and how to fix it.
    pub(super) what: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    CellStart,
    Text,
    Quoted,
    /// Behind a quote that closes, unless another one follows.
    Closing,
}

impl Quoted {
    pub(super) fn new(source: Source, dialect: &Dialect) -> Quoted {
        Quoted {
            source,
            delimiter: dialect.delimiter,
            at: At::CellStart,
            line: dialect.lines_before + 1,
            cell: 0,
            opened: (0, 0),
            damage: None,
        }
    }

    pub(super) fn source(&mut self) -> &mut Source {
        &mut self.source
    }

    pub(super) fn into_source(self) -> Source {
        self.source
    }

    /// The damage at which reading ended.
    pub(super) fn damage(&self) -> Option<&Damage> {
        self.damage.as_ref()
    }

    /// How many of these bytes stand before the first damage.
    fn follow(&mut self, text: &[u8]) -> usize {
        for (at, byte) in text.iter().enumerate() {
            if let Err(finding) = self.step(*byte) {
                self.damage = Some(self.damaged(&finding));
                return at;
            }
        }
        text.len()
    }

    fn step(&mut self, byte: u8) -> Result<(), String> {
        match (self.at, byte) {
            (At::Quoted, b'"') => self.at = At::Closing,
            (At::Quoted, b'\n') => {
                self.line += 1;
                if self.line - self.opened.0 >= MAX_LINES {
                    return Err(format!("is still open on line {}", self.line));
                }
            }
            (At::Quoted, _) => {}
            (At::Closing, b'"') => self.at = At::Quoted,
            (At::CellStart, b'"') => {
                self.opened = (self.line, self.cell);
                self.at = At::Quoted;
            }
            (_, b'\n') => {
                self.line += 1;
                self.cell = 0;
                self.at = At::CellStart;
            }
            (_, byte) if byte == self.delimiter => {
                self.cell += 1;
                self.at = At::CellStart;
            }
            (At::Closing, b'\r') | (At::CellStart | At::Text, _) => self.at = At::Text,
            (At::Closing, _) => {
                return Err(format!("is closed on line {}, but text follows it there", self.line));
            }
        }
        Ok(())
    }

    fn damaged(&self, finding: &str) -> Damage {
        let (line, cell) = self.opened;
        let what =
            format!("{finding}: close it where its cell ends, or double each `\"` that is part of the text");
        Damage { line, cell, what }
    }
}

impl Read for Quoted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let broken = || io::Error::other("a quote breaks the rule");
        if self.damage.is_some() {
            return Err(broken());
        }
        let count = self.source.read(buffer)?;
        if count == 0 && !buffer.is_empty() && self.at == At::Quoted {
            self.damage = Some(self.damaged("is not closed before the end of the file"));
            return Err(broken());
        }
        // What stands before the damage is served first, so that troubles are told in the order of the file.
        match self.follow(buffer.get(..count).unwrap_or_default()) {
            0 if count > 0 => Err(broken()),
            sound => Ok(sound),
        }
    }
}
