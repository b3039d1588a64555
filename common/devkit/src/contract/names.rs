//! Names: from Avro's to Rust's, and back as serde would.

/// Words that cannot be a field's name without the raw prefix.
const KEYWORDS: [&str; 48] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else", "enum",
    "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move",
    "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// The last part of a full name.
pub(super) fn simple(full: &str) -> &str {
    full.rsplit('.').next().unwrap_or(full)
}

/// `type` becomes `r#type`, which serde writes as `type` again.
pub(super) fn field(name: &str) -> String {
    if KEYWORDS.contains(&name) { format!("r#{name}") } else { name.to_owned() }
}

/// `NO_SHOW` and `no_show` become `NoShow`.
pub(super) fn pascal(symbol: &str) -> String {
    let mut out = String::with_capacity(symbol.len());
    for word in symbol.split('_') {
        let mut letters = word.chars();
        out.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        out.extend(letters.map(|letter| letter.to_ascii_lowercase()));
    }
    out
}

/// The name that serde's `SCREAMING_SNAKE_CASE` gives a variant: it parts words before capitals only.
pub(super) fn screaming(variant: &str) -> String {
    let mut out = String::with_capacity(variant.len() + 4);
    for (at, letter) in variant.char_indices() {
        if at > 0 && letter.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(letter.to_ascii_uppercase());
    }
    out
}

/// `snake_case`, beginning with a letter and free of doubled or trailing underscores.
pub(super) fn is_snake(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .split('_')
            .all(|word| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()))
}

/// `PascalCase`, letters and digits.
pub(super) fn is_pascal(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_uppercase()) && name.chars().all(|c| c.is_ascii_alphanumeric())
}

/// `SCREAMING_SNAKE_CASE`.
pub(super) fn is_screaming(symbol: &str) -> bool {
    is_snake(&symbol.to_ascii_lowercase()) && !symbol.contains(|c: char| c.is_ascii_lowercase())
}

/// JSON text without the white space between its tokens; everything else, the order of keys too, stays.
pub(super) fn minify(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let (mut quoted, mut escaped) = (false, false);
    for letter in json.chars() {
        if !quoted && letter.is_ascii_whitespace() {
            continue;
        }
        quoted ^= letter == '"' && !escaped;
        escaped = letter == '\\' && !escaped;
        out.push(letter);
    }
    out
}
