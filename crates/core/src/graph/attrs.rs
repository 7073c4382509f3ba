//! The structural options of an op (axes, flags, a sub-graph), read from a plan and asked for by name.

use super::Graph;
use super::types::Dim;
use crate::error::{Code, Error, Result};

#[derive(Clone, Debug)]
pub enum Attr {
    Int(i64),
    Float(f64),
    Ints(Vec<i64>),
    Dims(Vec<Dim>),
    Str(String),
    Graph(Box<Graph>),
}

/// Attributes by name; every getter says what is missing or of the wrong kind.
#[derive(Clone, Debug, Default)]
pub struct Attrs(Vec<(String, Attr)>);

impl Attrs {
    pub fn new(entries: Vec<(String, Attr)>) -> Self {
        Attrs(entries)
    }

    fn find(&self, name: &str) -> Option<&Attr> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, attr)| attr)
    }

    pub fn int(&self, name: &str) -> Result<i64> {
        match self.find(name) {
            Some(Attr::Int(x)) => Ok(*x),
            got => Err(wrong(name, "an integer", got)),
        }
    }

    /// A non-negative integer.
    pub fn size(&self, name: &str) -> Result<usize> {
        let x = self.int(name)?;
        usize::try_from(x).map_err(|_| wrong(name, "a non-negative integer", self.find(name)))
    }

    pub fn flag(&self, name: &str) -> Result<bool> {
        match self.find(name) {
            Some(Attr::Int(x @ 0..=1)) => Ok(*x == 1),
            None => Ok(false),
            got => Err(wrong(name, "0 or 1", got)),
        }
    }

    pub fn float(&self, name: &str) -> Result<f64> {
        match self.find(name) {
            Some(Attr::Float(x)) => Ok(*x),
            Some(Attr::Int(x)) => Ok(*x as f64),
            got => Err(wrong(name, "a number", got)),
        }
    }

    pub fn ints(&self, name: &str) -> Result<&[i64]> {
        match self.find(name) {
            Some(Attr::Ints(x)) => Ok(x),
            got => Err(wrong(name, "a list of integers", got)),
        }
    }

    pub fn dims(&self, name: &str) -> Result<&[Dim]> {
        match self.find(name) {
            Some(Attr::Dims(x)) => Ok(x),
            got => Err(wrong(name, "dimensions", got)),
        }
    }

    pub fn string(&self, name: &str) -> Result<&str> {
        match self.find(name) {
            Some(Attr::Str(x)) => Ok(x),
            got => Err(wrong(name, "a string", got)),
        }
    }

    pub fn graph(&self, name: &str) -> Result<&Graph> {
        match self.find(name) {
            Some(Attr::Graph(x)) => Ok(x),
            got => Err(wrong(name, "a sub-graph", got)),
        }
    }
}

fn wrong(name: &str, expected: &str, got: Option<&Attr>) -> Error {
    Error::of(Code::PlanInvalid, || {
        let got = match got {
            None => "nothing".to_string(),
            Some(Attr::Int(x)) => x.to_string(),
            Some(Attr::Float(_)) => "a fraction".to_string(),
            Some(Attr::Ints(_)) => "a list of integers".to_string(),
            Some(Attr::Dims(_)) => "dimensions".to_string(),
            Some(Attr::Str(text)) => format!("'{text}'"),
            Some(Attr::Graph(_)) => "a sub-graph".to_string(),
        };
        format!("attribute {name}: expected {expected}, got {got}")
    })
}
