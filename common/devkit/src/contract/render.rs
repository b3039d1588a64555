//! From the [`Contract`] to Rust, laid out as rustfmt would.

use std::fmt::Write;

use serde_json::Value;

use super::model::{Body, Contract, Field, File, Named, Type};
use super::{COMMAND, names};

/// Width of a line, as in `rustfmt.toml`.
const WIDTH: usize = 120;

/// The generated file's text.
pub(super) fn render(contract: &Contract) -> String {
    let mut out = Writer { contract, text: String::new() };
    out.line(&format!("//! Generated from `schemas/*.avsc` by `{COMMAND}`: change those, not this."));
    out.line("");
    out.line("use std::sync::LazyLock;");
    out.line("");
    out.line("use serde::{Deserialize, Serialize};");
    out.line("use serde_avro_fast::Schema;");
    out.line("");
    out.line("use crate::avro::{self, Put};");
    out.line("use crate::record::{PlacedBy, Record, Topic};");
    out.line("");
    out.topics();
    for named in &contract.types {
        out.named(named);
        if let Some(file) = contract.files.iter().find(|file| file.record == named.full) {
            out.topic(file, named);
        }
    }
    out.line("");
    out.line("/// Every schema above passes the generator, and a test parses each.");
    out.line("fn parsed(topic: &Topic) -> Schema {");
    out.line("    topic.schema.parse().expect(\"a schema of the contract parses\")");
    out.line("}");
    out.text
}

struct Writer<'a> {
    contract: &'a Contract,
    text: String,
}

impl Writer<'_> {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// A doc comment, folded at the line's width.
    fn doc(&mut self, indent: &str, doc: &str) {
        let mut line = format!("{indent}///");
        for word in doc.split_whitespace() {
            if line.chars().count() + 1 + word.chars().count() > WIDTH {
                self.line(&line);
                line = format!("{indent}///");
            }
            line.push(' ');
            line.push_str(word);
        }
        self.line(&line);
    }

    fn topics(&mut self) {
        self.line("/// Every topic of the contract, by name.");
        let _ = writeln!(self.text, "pub const TOPICS: [&Topic; {}] = [", self.contract.files.len());
        for file in &self.contract.files {
            let _ = writeln!(self.text, "    {}::TOPIC,", names::simple(&file.record));
        }
        self.line("];");
    }

    fn named(&mut self, named: &Named) {
        self.line("");
        self.doc("", &named.doc);
        match &named.body {
            Body::Record(fields) => self.record(&named.full, fields),
            Body::Enum { symbols, default } => self.enumeration(&named.full, symbols, default),
        }
    }

    /// Variants in wire order; the default one, which serde wants last, keeps its place by its number, which `Ord` follows.
    fn enumeration(&mut self, full: &str, symbols: &[String], default: &str) {
        self.line(
            "#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]",
        );
        let regular = symbols.iter().all(|symbol| names::screaming(&names::pascal(symbol)) == *symbol);
        if regular {
            self.line("#[serde(rename_all = \"SCREAMING_SNAKE_CASE\")]");
        }
        let _ = writeln!(self.text, "pub enum {} {{", names::simple(full));
        let numbered = || symbols.iter().enumerate();
        let others = numbered().filter(|(_, symbol)| *symbol != default);
        for (number, symbol) in others.chain(numbered().filter(|(_, symbol)| *symbol == default)) {
            if symbol == default {
                let _ = writeln!(self.text, "    /// `{symbol}`, and what a symbol of a newer writer is read as.");
                self.line("    #[default]");
                self.line("    #[serde(other)]");
            } else {
                let _ = writeln!(self.text, "    /// `{symbol}`");
            }
            if !regular {
                let _ = writeln!(self.text, "    #[serde(rename = \"{symbol}\")]");
            }
            let _ = writeln!(self.text, "    {} = {number},", names::pascal(symbol));
        }
        self.line("}");
        self.put(full, &["(*self as i32).put(to);".to_owned()]);
    }

    /// How a type writes itself: what it is made of, in wire order.
    fn put(&mut self, full: &str, lines: &[String]) {
        let _ = writeln!(self.text, "\nimpl Put for {} {{", names::simple(full));
        self.line("    fn put(&self, to: &mut Vec<u8>) {");
        lines.iter().for_each(|line| self.line(&format!("        {line}")));
        self.line("    }");
        self.line("}");
    }

    fn field_put(field: &Field) -> String {
        let name = names::field(&field.name);
        match &field.kind {
            Type::Bytes => format!("avro::bytes(&self.{name}, to);"),
            Type::Optional(inner) if **inner == Type::Bytes => format!("avro::some_bytes(self.{name}.as_deref(), to);"),
            _ => format!("self.{name}.put(to);"),
        }
    }

    fn record(&mut self, full: &str, fields: &[Field]) {
        let copy = if fields.iter().all(|field| self.is_copy(&field.kind)) { "Copy, " } else { "" };
        let exact =
            if fields.iter().all(|field| self.is_exact(&field.kind)) { "Eq, PartialOrd, Ord, Hash, " } else { "" };
        let _ = writeln!(self.text, "#[derive(Clone, {copy}Debug, PartialEq, {exact}Serialize, Deserialize)]");
        let _ = writeln!(self.text, "pub struct {} {{", names::simple(full));
        let mut functions = Vec::new();
        for field in fields {
            self.doc("    ", &field.doc);
            let mut attributes = Vec::new();
            if matches!(&field.kind, Type::Bytes) || field.kind == Type::Optional(Box::new(Type::Bytes)) {
                attributes.push("with = \"serde_bytes\"".to_owned());
            }
            match field.default.as_ref().map(|default| (default, self.is_rust_default(&field.kind, default))) {
                None => {}
                Some((_, true)) => attributes.push("default".to_owned()),
                Some((default, false)) => {
                    let function = format!("default_{}", field.name);
                    attributes.push(format!("default = \"{}::{function}\"", names::simple(full)));
                    functions.push((function, self.rust(&field.kind), self.value(&field.kind, default)));
                }
            }
            if !attributes.is_empty() {
                let _ = writeln!(self.text, "    #[serde({})]", attributes.join(", "));
            }
            let _ = writeln!(self.text, "    pub {}: {},", names::field(&field.name), self.rust(&field.kind));
        }
        self.line("}");
        self.defaults(full, &functions);
        self.put(full, &fields.iter().map(Writer::field_put).collect::<Vec<_>>());
    }

    fn defaults(&mut self, full: &str, functions: &[(String, String, String)]) {
        if functions.is_empty() {
            return;
        }
        let _ = writeln!(self.text, "\nimpl {} {{", names::simple(full));
        for (at, (name, kind, value)) in functions.iter().enumerate() {
            if at > 0 {
                self.line("");
            }
            let _ = writeln!(self.text, "    fn {name}() -> {kind} {{\n        {value}\n    }}");
        }
        self.line("}");
    }

    fn topic(&mut self, file: &File, named: &Named) {
        let topic = &file.topic;
        let placed_by = names::pascal(&topic.placed_by);
        let compression = topic.compression.as_ref().map_or("None".to_owned(), |codec| format!("Some(\"{codec}\")"));
        let _ = writeln!(self.text, "\nimpl Record for {} {{", names::simple(&named.full));
        self.line("    const TOPIC: &'static Topic = &Topic {");
        let _ = writeln!(self.text, "        name: \"{}\",", topic.name);
        let _ = writeln!(self.text, "        schema: {},", literal(&file.schema));
        let _ = writeln!(self.text, "        partitions: {},", topic.partitions);
        let _ = writeln!(self.text, "        placed_by: PlacedBy::{placed_by},");
        let _ = writeln!(self.text, "        cleanup: \"{}\",", topic.cleanup);
        let _ = writeln!(self.text, "        retention_ms: {},", grouped(topic.retention_ms));
        let _ = writeln!(self.text, "        max_message_bytes: {},", grouped(topic.max_message_bytes.into()));
        let _ = writeln!(self.text, "        compression: {compression},");
        self.line("    };");
        self.line("");
        self.line("    fn schema() -> &'static Schema {");
        let record = names::simple(&named.full);
        let _ =
            writeln!(self.text, "        static SCHEMA: LazyLock<Schema> = LazyLock::new(|| parsed({record}::TOPIC));");
        self.line("        &SCHEMA");
        self.line("    }");
        self.line("");
        self.line("    fn key(&self) -> &[u8] {");
        let Body::Record(fields) = &named.body else { return };
        let key = fields.iter().find(|field| field.name == topic.key).map(|field| &field.kind);
        let field = names::field(&topic.key);
        let expression = match key {
            Some(Type::String) => format!("self.{field}.as_bytes()"),
            Some(Type::Bytes) => format!("&self.{field}"),
            Some(Type::Optional(kind)) if **kind == Type::String => {
                format!("self.{field}.as_deref().unwrap_or_default().as_bytes()")
            }
            _ => format!("self.{field}.as_deref().unwrap_or_default()"),
        };
        let _ = writeln!(self.text, "        {expression}");
        self.line("    }");
        self.line("");
        self.line("    fn write(&self, to: &mut Vec<u8>) -> Result<(), String> {");
        self.line("        self.put(to);");
        self.line("        Ok(())");
        self.line("    }");
        self.line("}");
    }

    fn rust(&self, kind: &Type) -> String {
        match kind {
            Type::Boolean => "bool".to_owned(),
            Type::Int => "i32".to_owned(),
            Type::Long | Type::Timestamp => "i64".to_owned(),
            Type::Float => "f32".to_owned(),
            Type::Double => "f64".to_owned(),
            Type::Bytes => "Vec<u8>".to_owned(),
            Type::String => "String".to_owned(),
            Type::Array(items) => format!("Vec<{}>", self.rust(items)),
            Type::Map(values) => format!("std::collections::BTreeMap<String, {}>", self.rust(values)),
            Type::Optional(inner) => format!("Option<{}>", self.rust(inner)),
            Type::Named(full) => names::simple(full).to_owned(),
        }
    }

    /// Whether `Default` of the Rust type is the Avro default.
    fn is_rust_default(&self, kind: &Type, default: &Value) -> bool {
        match (kind, self.body(kind)) {
            (_, Some(Body::Enum { default: symbol, .. })) => default == symbol,
            (Type::Float | Type::Double, _) => default.as_f64() == Some(0.0),
            _ => match default {
                Value::Bool(value) => !value,
                Value::Number(number) => number.as_i64() == Some(0),
                Value::String(text) => text.is_empty(),
                _ => true,
            },
        }
    }

    /// A default that is not Rust's own, as an expression.
    fn value(&self, kind: &Type, default: &Value) -> String {
        match (kind, default) {
            (Type::Named(full), Value::String(symbol)) => format!("{}::{}", names::simple(full), names::pascal(symbol)),
            (_, Value::String(text)) => format!("{text:?}.to_owned()"),
            (Type::Float | Type::Double, number) => format!("{:?}", number.as_f64().unwrap_or_default()),
            (_, Value::Number(number)) => number.as_i64().map_or_else(|| number.to_string(), grouped),
            (_, other) => other.to_string(),
        }
    }

    fn body(&self, kind: &Type) -> Option<&Body> {
        match kind {
            Type::Named(full) => self.contract.named(full).map(|named| &named.body),
            _ => None,
        }
    }

    fn is_copy(&self, kind: &Type) -> bool {
        match kind {
            Type::Bytes | Type::String | Type::Array(_) | Type::Map(_) => false,
            Type::Optional(inner) => self.is_copy(inner),
            named => match self.body(named) {
                Some(Body::Record(fields)) => fields.iter().all(|field| self.is_copy(&field.kind)),
                _ => true,
            },
        }
    }

    /// Whether equality is total: no floating point anywhere inside.
    fn is_exact(&self, kind: &Type) -> bool {
        match kind {
            Type::Float | Type::Double => false,
            Type::Array(inner) | Type::Map(inner) | Type::Optional(inner) => self.is_exact(inner),
            named => match self.body(named) {
                Some(Body::Record(fields)) => fields.iter().all(|field| self.is_exact(&field.kind)),
                _ => true,
            },
        }
    }
}

/// A raw string literal, fenced by as many `#` as the text needs.
fn literal(text: &str) -> String {
    let mut fence = "#".to_owned();
    while text.contains(&format!("\"{fence}")) {
        fence.push('#');
    }
    format!("r{fence}\"{text}\"{fence}")
}

/// `1048576` as `1_048_576`.
fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut out = if number < 0 { "-".to_owned() } else { String::new() };
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push('_');
        }
        out.push(digit);
    }
    out
}
