//! Names: from Avro's to Rust's, and back as serde would.

/// Words that cannot be a field's name without the raw prefix.
const KEYWORDS: [&str; 48] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else", "enum",
    "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move",
    "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Words that say a protected attribute (those of the EU's directives on equal treatment and of the US Civil Rights and Equal Credit
/// Opportunity Acts), or one that stands for it or for how badly somebody needs a ride. The usual words: they replace no review.
const PROTECTED: &str = "age android battery birth birthday birthdate birthplace born browser caste citizenship creed credit device \
    disability dob email ethnic ethnicity faith firstname forename gender genetic handicap handset imei ios iphone lastname marital \
    married maternity mobile msisdn nationality patronymic phone photo pincode political politics postcode pregnancy pregnant pronoun race \
    racial religion religious salary sex sexual skin ssn surname tribe veteran wealth zip zipcode";
/// The same of two words.
const PAIRS: [&str; 10] = [
    "first_name",
    "middle_name",
    "last_name",
    "given_name",
    "family_name",
    "full_name",
    "rider_name",
    "driver_name",
    "postal_code",
    "user_agent",
];

/// The word of a name in snake case that says a protected attribute, or what stands for one: alone or beside others, in the plural too.
pub(super) fn protected(name: &str) -> Option<&'static str> {
    let plain = |word: &str| {
        let word = word.trim_end_matches(|letter: char| letter.is_ascii_digit()).to_owned();
        word.strip_suffix("ies").map(|stem| format!("{stem}y")).unwrap_or(word)
    };
    let words: Vec<String> = name.split('_').map(plain).collect();
    let says = |denied: &str| words.iter().any(|word| word == denied || word.strip_suffix('s') == Some(denied));
    let pair = |pair: &&&str| format!("_{name}_").contains(&format!("_{pair}_"));
    PROTECTED.split_whitespace().find(|word| says(word)).or_else(|| PAIRS.iter().find(pair).copied())
}

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
