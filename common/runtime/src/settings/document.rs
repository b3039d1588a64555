//! The settings as a file that explains itself.

use std::fmt::Write as _;

use super::{Key, Kind, SECTIONS};

/// A line of the file is no longer.
const WIDTH: usize = 120;

/// The file with every key: what it is for, its range, its unit, its default.
pub fn document(keys: &[Key]) -> String {
    let mut text = String::new();
    paragraph(
        &mut text,
        "All settings of tripo with their defaults. A file needs only the keys that it changes; it is named by --settings FILE or \
         the variable TRIPO_SETTINGS. Variables win over the file (TRIPO__KAFKA__BROKERS sets kafka.brokers), flags over variables \
         (--set kafka.brokers=HOST:9092). `tripo config` shows what each key has and from where, `tripo config --check` only checks.",
    );
    for (section, help) in SECTIONS {
        text.push('\n');
        paragraph(&mut text, help);
        // Writing to a string does not fail.
        let _ = writeln!(text, "[{section}]");
        for key in keys.iter().filter(|key| key.section() == *section) {
            let range = match key.kind {
                Kind::Integer { .. } | Kind::Choice(_) => format!(" [{}]", key.kind.takes()),
                Kind::Secret => " [secret: shown as *** only]".to_owned(),
                Kind::Path => " [path]".to_owned(),
                Kind::Text => String::new(),
            };
            paragraph(&mut text, &format!("{}{range}", key.help));
            let name = key.name.trim_start_matches(section).trim_start_matches('.');
            let _ = match key.kind {
                Kind::Integer { .. } => writeln!(text, "{name} = {}", key.default),
                _ => writeln!(text, "{name} = \"{}\"", key.default),
            };
        }
    }
    text
}

/// A comment, broken between words.
fn paragraph(text: &mut String, comment: &str) {
    let mut line = String::from("#");
    for word in comment.split_whitespace() {
        if line.len() + 1 + word.len() > WIDTH {
            text.push_str(&line);
            text.push('\n');
            line = String::from("#");
        }
        line.push(' ');
        line.push_str(word);
    }
    text.push_str(&line);
    text.push('\n');
}
