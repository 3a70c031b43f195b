//! Reads tokens without checking them, and makes the ones that nobody should accept.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

/// PKCS#8 (RFC 8410) of an Ed25519 key whose seed is 32 times the byte 7: somebody else's key.
const FOREIGN_KEY: [u8; 48] = {
    let prefix = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
    let mut key = [7; 48];
    let mut at = 0;
    while at < prefix.len() {
        key[at] = prefix[at];
        at += 1;
    }
    key
};

pub(crate) fn claims(token: &str) -> Value {
    decoded(token, 1)
}

pub(crate) fn header(token: &str) -> Value {
    decoded(token, 0)
}

/// Seconds from issue to expiry.
pub(crate) fn life(token: &str) -> i64 {
    let claims = claims(token);
    claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap()
}

/// Whether a text has the shape of a JWT with a JSON header and JSON claims.
pub(crate) fn is_jwt(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    let [header, claims, signature] = parts[..] else {
        return false;
    };
    let json = |part| {
        let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
        serde_json::from_slice::<Value>(&bytes).ok()
    };
    json(header).is_some() && json(claims).is_some() && !signature.is_empty()
}

/// The same claims and `typ`, said to need no signature.
pub(crate) fn unsigned(token: &str) -> String {
    let mut head = header(token);
    head["alg"] = json!("none");
    format!("{}.{}.", encoded(&head), encoded(&claims(token)))
}

/// The same claims, signed by a symmetric algorithm with what is public as its secret.
pub(crate) fn confused(token: &str, public: &[u8]) -> String {
    sign(token, Algorithm::HS256, &EncodingKey::from_secret(public), |_| ())
}

/// The same claims under the same `kid`, signed by somebody else.
pub(crate) fn foreign(token: &str) -> String {
    sign(token, Algorithm::EdDSA, &EncodingKey::from_ed_der(&FOREIGN_KEY), |_| ())
}

/// Signed by somebody else, whose header says where the key to check it with is found.
pub(crate) fn with_key_at(token: &str, url: &str) -> String {
    let key = EncodingKey::from_ed_der(&FOREIGN_KEY);
    sign(token, Algorithm::EdDSA, &key, |header| {
        header.jku = Some(url.to_owned());
        header.x5u = Some(url.to_owned());
    })
}

/// The same signature under other claims.
pub(crate) fn promoted(token: &str) -> String {
    let mut claims = claims(token);
    claims["adminLevel"] = json!(2);
    let parts: Vec<&str> = token.split('.').collect();
    format!("{}.{}.{}", parts[0], encoded(&claims), parts[2])
}

fn sign(token: &str, algorithm: Algorithm, key: &EncodingKey, adorn: impl Fn(&mut Header)) -> String {
    let original = header(token);
    let mut header = Header::new(algorithm);
    header.kid = original["kid"].as_str().map(str::to_owned);
    header.typ = original["typ"].as_str().map(str::to_owned);
    adorn(&mut header);
    jsonwebtoken::encode(&header, &claims(token), key).unwrap()
}

/// What base64url holds.
pub(crate) fn bytes(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

fn decoded(token: &str, part: usize) -> Value {
    let part = token.split('.').nth(part).unwrap();
    serde_json::from_slice(&bytes(part)).unwrap()
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// A text of any script as one that fits into an address: its bytes in hexadecimal, cut to 64.
pub(crate) fn digits(text: &str) -> String {
    text.bytes().take(32).fold(String::new(), |digits, byte| format!("{digits}{byte:02x}"))
}

mod tests {
    use jsonwebtoken::{Algorithm, DecodingKey, Validation};

    use super::{Value, confused, encoded, foreign, header, is_jwt, json, promoted, unsigned};

    fn token() -> String {
        let head = json!({"alg": "EdDSA", "kid": "k1", "typ": "at+jwt"});
        format!("{}.{}.c2lnbmF0dXJl", encoded(&head), encoded(&json!({"adminLevel": 0})))
    }

    /// A forgery that is merely malformed would prove nothing.
    #[test]
    fn a_confused_token_is_well_signed_for_who_falls_for_it() {
        let forged = confused(&token(), b"public");
        let mut validation = Validation::new(Algorithm::HS256);
        validation.validate_exp = false;
        validation.required_spec_claims.clear();
        let key = DecodingKey::from_secret(b"public");
        jsonwebtoken::decode::<Value>(&forged, &key, &validation).unwrap();
        assert_eq!(header(&forged)["kid"], "k1");
        assert_eq!(header(&forged)["typ"], "at+jwt");
    }

    #[test]
    fn forgeries_keep_the_shape_of_a_token() {
        assert!(is_jwt(&foreign(&token())));
        assert!(is_jwt(&promoted(&token())));
        assert_eq!(header(&unsigned(&token()))["alg"], "none");
        assert_eq!(header(&confused(&token(), b""))["alg"], "HS256");
    }
}
