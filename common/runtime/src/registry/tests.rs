//! The client against registries that answer strangely, or not at all.

use super::remembered::Remembered;
use super::*;

#[test]
fn what_was_learned_first_is_forgotten_first() {
    let mut remembered = Remembered::new(2);
    for id in [1, 2, 1, 3] {
        remembered.insert(id, id);
    }
    assert_eq!([1, 2, 3].map(|id| remembered.get(id).copied()), [None, Some(2), Some(3)]);
}

#[test]
fn a_registry_that_is_not_there_is_away_and_is_asked_again() {
    // Bound and dropped: nothing listens there.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut registry = Registry::new(&format!("http://{free}/")).unwrap();
    for _ in 0..2 {
        assert!(matches!(registry.by_id(7), Err(Unresolved::Away(sentence)) if sentence.contains("schema id 7")));
    }
    assert!(matches!(registry.register(&kernel::contract::TOPICS), Err(Failure::Away(_))));
    assert!(matches!(registry.incompatibility("a.b", "\"int\""), Err(Failure::Away(_))));
    assert_eq!(registry.id_of("ride.requested"), None);
}

/// A registry that answers every call with the same status and body.
fn answering(status: &'static str, body: &'static str) -> String {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4_096]);
            let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        }
    });
    url
}

#[test]
fn an_id_that_is_refused_is_unknown_whatever_the_body_says() {
    let jax = r#"{"error_code":404,"message":"HTTP 404 Not Found"}"#;
    let confluent = r#"{"error_code":40403,"message":"Schema not found"}"#;
    for (status, body) in [("404 N", jax), ("404 N", confluent), ("404 N", "<html>"), ("400 B", ""), ("422 U", "")] {
        let mut registry = Registry::new(&answering(status, body)).unwrap();
        assert!(matches!(registry.by_id(7), Err(Unresolved::Unknown(_))), "{status} {body}");
    }
    for (status, body) in [("500 E", confluent), ("503 S", ""), ("200 O", "<html>"), ("401 A", "")] {
        let mut registry = Registry::new(&answering(status, body)).unwrap();
        assert!(matches!(registry.by_id(7), Err(Unresolved::Away(_))), "{status} {body}");
    }
    let mut registry = Registry::new(&answering("200 O", r#"{"schema":"\"int\""}"#)).unwrap();
    assert!(registry.by_id(7).is_ok());
    let mut registry = Registry::new(&answering("200 O", r#"{"schemaType":"JSON","schema":"{}"}"#)).unwrap();
    assert!(matches!(registry.by_id(7), Err(Unresolved::Unknown(_))));
}

#[test]
fn an_id_beyond_32_signed_bits_is_unknown_without_asking() {
    let mut registry = Registry::new(&answering("500 E", "")).unwrap();
    assert!(matches!(registry.by_id(1 << 31), Err(Unresolved::Unknown(_))));
    assert!(matches!(registry.by_id(i32::MAX as u32), Err(Unresolved::Away(_))));
}

#[test]
fn an_answer_that_is_longer_than_any_schema_is_not_read_to_its_end() {
    let endless: &'static str = Box::leak("x".repeat(LONGEST + 1).into_boxed_str());
    let mut registry = Registry::new(&answering("200 O", endless)).unwrap();
    let Err(Unresolved::Unknown(sentence)) = registry.by_id(7) else { panic!("it was read") };
    assert!(sentence.contains("longer than 1048576 bytes"), "{sentence}");
}

#[test]
fn a_registry_that_does_not_take_who_we_are_is_told_from_one_that_is_gone() {
    for body in ["", r#"{"error_code":401,"message":"Unauthorized"}"#] {
        let mut registry = Registry::new(&answering("401 U", body)).unwrap();
        let Err(Failure::Away(sentence)) = registry.register(&kernel::contract::TOPICS) else { panic!("registered") };
        assert!(
            sentence.ends_with(
                "answers status 401: it does not take who we are: set registry.username and registry.password"
            )
        );
    }
}

#[test]
fn an_authority_that_cannot_be_used_is_named() {
    let open = |path: &str| Registry::open(&Access { tls_ca: path.to_owned(), ..Access::from("https://r:1") }).err();
    assert!(open("/nowhere.pem").is_some_and(|why| why.contains("/nowhere.pem") && why.ends_with("with certificates")));
    assert!(open("").is_none());
}
