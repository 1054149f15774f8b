//! The SDK as a testee: translates requests of the protocol `vcp-conformance/1` into calls of the
//! SDK, and results into answers.

use crate::case::Case;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::net::IpAddr;
use vcp_auth::{AddressList, AuthError, HmacScheme, Scheme, Secret, Verifier};
use vcp_mapping::{
    ConsentDefault, MapError, MapOptions, Mapped, Mapper, Mapping, SessionEvent, normalize, perception_gap,
};
use vcp_schema::{
    Dialect, ErrorCode, FieldPath, Limits, OutcomeStatus, ParseError, Timestamp, VcpMessage,
    checksum::{Algorithm, ChecksumError, Verdict},
    json::{members, text},
    migrate::{self, Downgrade, MigrateError, UpgradeOptions},
    structure::{self, Fault},
};
use vcp_validate::{Profile, Validator};

const OPS: [&str; 12] = [
    "hello",
    "parse",
    "validate",
    "map",
    "assemble",
    "merge",
    "normalize",
    "upgrade",
    "downgrade",
    "checksum",
    "verify_checksum",
    "verify",
];

/// The optional features: telephone numbers in every region, and reports.
const FEATURES: [&str; 2] = ["phone", Case::REPORT];

/// A testee: answers requests of the protocol `vcp-conformance/1` with the SDK.
#[derive(Debug, Default)]
pub struct Testee {
    mapper: Mapper,
}

#[derive(Deserialize)]
struct Request {
    seq: Value,
    op: String,
    #[serde(flatten)]
    members: Map<String, Value>,
}

enum Answer {
    Ok(Value),
    Error { code: ErrorCode, field_path: Option<String>, reason: String },
    Unsupported(String),
}

use Answer::{Ok as Done, Unsupported};

impl From<ParseError> for Answer {
    fn from(error: ParseError) -> Self {
        Self::Error { code: error.code(), field_path: Some(error.path().to_string()), reason: error.to_string() }
    }
}

impl From<ChecksumError> for Answer {
    fn from(error: ChecksumError) -> Self {
        Self::Error { code: error.code(), field_path: Some(error.path().to_string()), reason: error.to_string() }
    }
}

impl From<MigrateError> for Answer {
    fn from(error: MigrateError) -> Self {
        Self::Error { code: error.code(), field_path: Some(error.path().to_string()), reason: error.to_string() }
    }
}

impl From<MapError> for Answer {
    fn from(error: MapError) -> Self {
        Self::Error { code: error.code(), field_path: Some(error.path().to_string()), reason: error.to_string() }
    }
}

impl From<AuthError> for Answer {
    fn from(error: AuthError) -> Self {
        Self::Error { code: error.code(), field_path: None, reason: error.to_string() }
    }
}

/// Returns the error for a member of the request that is missing or invalid.
fn bad_request(member: &str, code: ErrorCode) -> Answer {
    let path = FieldPath::root().name(member);
    Answer::Error { code, field_path: Some(path.to_string()), reason: format!("the request needs a good `{member}`") }
}

impl Testee {
    /// Creates a testee with the six built-in providers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a testee that uses the given mapper, for example with other providers.
    #[must_use]
    pub fn with_mapper(mapper: Mapper) -> Self {
        Self { mapper }
    }

    /// Returns the answer to one request line.
    ///
    /// A line that is not a request is answered with the error `VCP_E007`. An operation that is not
    /// known is answered with `unsupported`.
    #[must_use]
    pub fn answer(&self, line: &[u8]) -> String {
        let request: Request = match serde_json::from_slice(line) {
            Ok(request) => request,
            Err(error) => {
                let seq =
                    serde_json::from_slice::<Value>(line).ok().and_then(|v| v.get("seq").cloned()).unwrap_or_default();
                let reason = format!("the line is not a request: {error}");
                return json!({"seq": seq, "error": {"code": ErrorCode::Malformed, "reason": reason}}).to_string();
            }
        };
        let members = Members(&request.members);
        let answer = match request.op.as_str() {
            "hello" => Ok(hello(&members)),
            "parse" => parse(&members),
            "validate" => validate(&members),
            "map" => self.map(&members),
            "assemble" => self.assemble(&members),
            "merge" => self.merge(&members),
            "normalize" => self.normalize(&members),
            "upgrade" => upgrade(&members),
            "downgrade" => downgrade(&members),
            "checksum" => checksum(&members),
            "verify_checksum" => verify_checksum(&members),
            "verify" => self.knows_provider(&members).and_then(|()| self.verify(&members)),
            other => Ok(Unsupported(format!("op {other}"))),
        };
        let seq = request.seq;
        match answer.unwrap_or_else(|answer| answer) {
            Done(ok) => json!({"seq": seq, "ok": ok}),
            Unsupported(what) => json!({"seq": seq, "unsupported": what}),
            Answer::Error { code, field_path, reason } => {
                let error = ErrorAnswer { code, field_path, reason };
                json!({"seq": seq, "error": error})
            }
        }
        .to_string()
    }

    /// Checks that the provider is known if the request names one and no scheme. The check does not
    /// depend on whether there are secrets.
    fn knows_provider(&self, members: &Members<'_>) -> Result<(), Answer> {
        if let (None, Some(provider)) = (members.get::<String>("scheme")?, members.get::<String>("provider")?) {
            self.mapper.provider_name(&provider)?;
        }
        Ok(())
    }

    fn normalize(&self, members: &Members<'_>) -> Result<Answer, Answer> {
        let (function, args): (String, Vec<Value>) = (members.required("fn")?, members.required("args")?);
        let text = |at: usize| match args.get(at) {
            Some(Value::String(text)) => Ok(text.as_str()),
            Some(_) => Err(bad_request("args", ErrorCode::Type)),
            None => Err(bad_request("args", ErrorCode::Missing)),
        };
        let value = match function.as_str() {
            "direction" => json!(normalize::direction(text(0)?)),
            "sentiment" => json!(normalize::sentiment(text(0)?)),
            "phone" => {
                let region = args.get(1).filter(|region| !region.is_null()).map(|_| text(1)).transpose()?;
                json!(normalize::phone(text(0)?, region))
            }
            "ended_reason" => {
                self.mapper.provider_name(text(0)?)?;
                let provider = self.mapper.registry().get(text(0)?);
                json!(
                    provider
                        .map(|provider| Ok::<_, Answer>(normalize::ended_reason(provider, text(1)?)))
                        .transpose()?
                )
            }
            "perception_gap" => {
                let scores = args.first().cloned().unwrap_or_default();
                let scores: Vec<f64> =
                    serde_json::from_value(scores).map_err(|_| bad_request("args", ErrorCode::Type))?;
                let gap = perception_gap(&scores, &OutcomeStatus::from(text(1)?));
                gap.map_or(Value::Null, |(score, class)| json!({"gap_score": score, "gap_class": class}))
            }
            other => return Ok(Unsupported(format!("normalize {other}"))),
        };
        Ok(Done(json!({"value": value})))
    }

    fn map(&self, members: &Members<'_>) -> Result<Answer, Answer> {
        let provider: String = members.required("provider")?;
        let received_at = time(&members.required::<String>("received_at")?)?;
        Ok(Done(match self.mapper(members)?.map(&provider, &members.input()?, received_at.instant())? {
            Mapping::NotACall { event, .. } => json!({"not_a_call": event}),
            Mapping::Call(mapped) => mapped_answer(*mapped),
        }))
    }

    fn assemble(&self, members: &Members<'_>) -> Result<Answer, Answer> {
        let provider: String = members.required("provider")?;
        let events: Vec<Event> = members.required("events")?;
        let timed = |event: Event| {
            let text = event.input_text.map(String::into_bytes);
            let bytes = match (text, event.input_base64) {
                (Some(text), _) => text,
                (None, Some(base64)) => {
                    STANDARD.decode(base64).map_err(|_| bad_request("events", ErrorCode::Unreadable))?
                }
                (None, None) => return Err(bad_request("events", ErrorCode::Missing)),
            };
            Ok::<_, Answer>((time(&event.received_at)?, bytes))
        };
        let events = events.into_iter().map(timed).collect::<Result<Vec<_>, _>>()?;
        let events: Vec<SessionEvent<'_>> =
            events.iter().map(|(at, bytes)| SessionEvent::new(at.instant(), bytes)).collect();
        Ok(Done(mapped_answer(self.mapper(members)?.assemble(&provider, &events)?)))
    }

    fn verify(&self, members: &Members<'_>) -> Result<Answer, Answer> {
        let config = members.get::<SchemeConfig>("config")?.unwrap_or_default();
        let secrets: Vec<SecretMember> = members.required("secrets")?;
        let scheme = match members.get::<String>("scheme")? {
            Some(name) => match config.scheme(&name)? {
                Some(scheme) => Some(scheme),
                None => return Ok(Unsupported(format!("scheme {name}"))),
            },
            None => {
                let name: String = members.required("provider")?;
                Scheme::of_provider(self.mapper.provider_name(&name).map_or(name.as_str(), |name| name))
            }
        };
        let secrets: Vec<Secret> = secrets.into_iter().map(|s| Secret::new(s.id, s.secret)).collect();
        let mut verifier = match scheme {
            Some(scheme) if !secrets.is_empty() => Verifier::new(scheme, secrets)?,
            // The provider has no scheme of its own, so a secret alone does not say how it signs.
            None if !secrets.is_empty() => return Err(bad_request("scheme", ErrorCode::AuthConfiguration)),
            _ => Verifier::nothing(),
        };
        if let Some(seconds) = config.tolerance_sec {
            // A number that no tolerance can be is refused like one that is too large.
            verifier = verifier.tolerance(seconds.try_into().unwrap_or(u32::MAX))?;
        }
        if let Some(addresses) = config.allow_from {
            verifier = verifier.allow_from(AddressList::new(addresses)?);
        }
        let headers: Vec<(String, String)> = members.required("headers")?;
        let body = members.bytes("body_text", "body_base64")?;
        let now = members.now()?.ok_or_else(|| bad_request("now", ErrorCode::Missing))?;
        let (url, method) = (members.get::<String>("url")?, members.get::<String>("method")?);
        let request = vcp_auth::Request::new(&headers, &body);
        let request = url.as_deref().map_or(request, |url| request.url(url));
        let request = method.as_deref().map_or(request, |method| request.method(method));
        let source: Option<IpAddr> = members.get("source")?;
        let request = source.map_or(request, |source| request.source(source));
        Ok(Done(match verifier.check(&request, now.instant()) {
            Err(AuthError::NothingToVerify) => json!({"outcome": "nothing_to_verify"}),
            Err(error) => return Err(error.into()),
            Ok(verified) => json!({
                "outcome": "verified",
                "key_id": verified.key_id(),
                "signed_at": verified.signed_at().and_then(Timestamp::from_datetime).map(|time| time.to_string()),
            }),
        }))
    }

    fn merge(&self, members: &Members<'_>) -> Result<Answer, Answer> {
        let texts: Vec<String> = members.required("messages")?;
        let messages = texts.iter().map(|text| VcpMessage::from_json(text)).collect::<Result<Vec<_>, _>>()?;
        Ok(Done(json!({"message_text": self.mapper(members)?.merge(&messages)?.to_json()})))
    }

    /// Returns the mapper with the options of a request.
    fn mapper(&self, members: &Members<'_>) -> Result<Mapper, Answer> {
        let options = members.get::<OptionMembers>("options")?.unwrap_or_default();
        let consent_default = match options.consent_default.as_deref() {
            None | Some("granted") => ConsentDefault::Granted,
            Some("pending") => ConsentDefault::Pending,
            Some("omit") => ConsentDefault::Omit,
            Some(_) => return Err(bad_request("options", ErrorCode::Type)),
        };
        let options = MapOptions::default()
            .consent_default(consent_default)
            .keep_secrets(options.keep_secrets.unwrap_or(false))
            .keep_audio(options.keep_audio.unwrap_or(true));
        Ok(self.mapper.clone().options(options))
    }
}

fn time(text: &str) -> Result<Timestamp, Answer> {
    text.parse().map_err(|_| bad_request("received_at", ErrorCode::Unreadable))
}

fn mapped_answer(mapped: Mapped) -> Value {
    let mut answer = json!({
        "message_text": mapped.message.to_json(),
        "event": mapped.event,
        "masked": mapped.report.masked,
        "unread": mapped.report.unread.iter().map(|unread| &unread.pointer).collect::<Vec<_>>(),
        "superseded": mapped.report.superseded,
        "consulted": mapped.report.consulted,
        "in_lists": mapped.report.in_lists,
        "defaults": mapped.report.defaults().collect::<Vec<_>>(),
        "missing": mapped.report.missing,
        "unknown_words": mapped.report.unknown_words,
        "problems": mapped.report.problems.iter().map(|p| json!({"code": p.code, "source": p.source})).collect::<Vec<_>>(),
    });
    if let (Some(key), Some(answer)) = (mapped.idempotency_key, answer.as_object_mut()) {
        answer.insert("idempotency_key".to_owned(), String::from(key).into());
    }
    answer
}

/// An event of a session in an `assemble` request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Event {
    received_at: String,
    input_text: Option<String>,
    input_base64: Option<String>,
}

#[derive(Serialize)]
struct ErrorAnswer {
    code: ErrorCode,
    #[serde(skip_serializing_if = "Option::is_none")]
    field_path: Option<String>,
    reason: String,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct OptionMembers {
    consent_default: Option<String>,
    keep_secrets: Option<bool>,
    keep_audio: Option<bool>,
}

/// The members of a request other than `seq` and `op`.
struct Members<'a>(&'a Map<String, Value>);

impl Members<'_> {
    fn get<T: for<'de> Deserialize<'de>>(&self, name: &str) -> Result<Option<T>, Answer> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => {
                serde_json::from_value(value.clone()).map(Some).map_err(|_| bad_request(name, ErrorCode::Type))
            }
        }
    }

    fn required<T: for<'de> Deserialize<'de>>(&self, name: &str) -> Result<T, Answer> {
        self.get(name)?.ok_or_else(|| bad_request(name, ErrorCode::Missing))
    }

    /// Returns bytes that are given as text in the member named `text`, or as base64 in the member
    /// named `base64`.
    fn bytes(&self, text: &str, base64: &str) -> Result<Vec<u8>, Answer> {
        if let Some(text) = self.get::<String>(text)? {
            return Ok(text.into_bytes());
        }
        let encoded: String = self.get(base64)?.ok_or_else(|| bad_request(text, ErrorCode::Missing))?;
        STANDARD.decode(encoded).map_err(|_| bad_request(base64, ErrorCode::Unreadable))
    }

    fn input(&self) -> Result<Vec<u8>, Answer> {
        self.bytes("input_text", "input_base64")
    }

    fn now(&self) -> Result<Option<Timestamp>, Answer> {
        let text: Option<String> = self.get("now")?;
        text.map(|text| text.parse().map_err(|_| bad_request("now", ErrorCode::Unreadable))).transpose()
    }
}

fn hello(members: &Members<'_>) -> Answer {
    match members.0.get("protocol") {
        Some(protocol) if *protocol != 1 => Unsupported(format!("protocol {protocol}")),
        _ => Done(json!({
            "implementation": "vcp-rust",
            "version": env!("CARGO_PKG_VERSION"),
            "language": "rust",
            "vcp_versions": ["0.3", "0.4", "0.5"],
            "ops": OPS,
            "features": FEATURES,
        })),
    }
}

fn parse(members: &Members<'_>) -> Result<Answer, Answer> {
    let message = VcpMessage::from_slice(&members.input()?)?;
    Ok(Done(json!({"version": message.vcp_version.as_str(), "message_text": message.to_json()})))
}

fn validate(members: &Members<'_>) -> Result<Answer, Answer> {
    let profile = match members.required::<String>("profile")?.as_str() {
        "structure" => {
            let input = members.input()?;
            let valid = has_structure(&input);
            return Ok(Done(json!({"valid": valid, "findings": []})));
        }
        "reference" => Profile::Reference,
        "canonical" => Profile::Canonical,
        _ => return Err(bad_request("profile", ErrorCode::Type)),
    };
    let now = members.now()?.map(|now| now.instant());
    let report = Validator::new().profile(profile).validate_slice(&members.input()?, now);
    let findings: Vec<Value> = report
        .findings
        .iter()
        .map(|f| json!({"code": f.code, "severity": f.severity, "field_path": f.path.to_string()}))
        .collect();
    Ok(Done(json!({"valid": report.is_valid(), "findings": findings})))
}

/// Returns the verdict of a JSON Schema validator: required members and JSON types, but no texts of
/// timestamps, no words and no ranges.
fn has_structure(input: &[u8]) -> bool {
    let limits = Limits::default();
    let Ok(text) = text::utf8(input, &limits) else { return false };
    let has_fraction = |fault: &Fault| {
        let number = members::pointer(text, &fault.path.pointer()).and_then(|value| value.parse::<f64>().ok());
        number.is_some_and(|number| number.fract() != 0.0)
    };
    let counts = |fault: &Fault| match fault.code {
        ErrorCode::Type | ErrorCode::Missing | ErrorCode::Version | ErrorCode::Limit => fault.fatal,
        ErrorCode::Unreadable => has_fraction(fault),
        _ => false,
    };
    text::well_formed(text, &limits).is_ok() && !structure::check_as(Dialect::V05, text, &limits).iter().any(counts)
}

fn upgrade(members: &Members<'_>) -> Result<Answer, Answer> {
    let options = UpgradeOptions::default().missing_time(members.now()?.map(|now| now.instant()));
    let upgraded = migrate::upgrade_slice(&members.input()?, &options)?;
    Ok(Done(json!({
        "from": upgraded.from.version().as_str(),
        "message_text": upgraded.message.to_json(),
        "report": upgraded.report,
    })))
}

fn downgrade(members: &Members<'_>) -> Result<Answer, Answer> {
    let how = match members.get::<String>("mode")?.as_deref() {
        None | Some("reversible") => Downgrade::Reversible,
        Some("plain") => Downgrade::Plain,
        Some(_) => return Err(bad_request("mode", ErrorCode::Type)),
    };
    let message = VcpMessage::from_slice(&members.input()?)?;
    let downgraded = migrate::downgrade(&message, how)?;
    Ok(Done(json!({"message_text": downgraded.text, "report": downgraded.report})))
}

fn checksum(members: &Members<'_>) -> Result<Answer, Answer> {
    let algorithm: String = members.required("algorithm")?;
    let algorithm: Algorithm = algorithm.parse().map_err(|_| bad_request("algorithm", ErrorCode::Type))?;
    let message = VcpMessage::from_slice(&members.input()?)?;
    Ok(Done(json!({"checksum": message.checksum(algorithm)?})))
}

fn verify_checksum(members: &Members<'_>) -> Result<Answer, Answer> {
    let message = VcpMessage::from_slice(&members.input()?)?;
    let (result, algorithm) = match message.verify_checksum()? {
        Verdict::Match(algorithm) => ("match", Some(algorithm)),
        Verdict::Mismatch(algorithm) => ("mismatch", algorithm),
        Verdict::Absent => ("absent", None),
    };
    Ok(Done(match algorithm {
        Some(algorithm) => json!({"result": result, "algorithm": algorithm.as_str()}),
        None => json!({"result": result}),
    }))
}

#[derive(Deserialize)]
struct SecretMember {
    id: String,
    secret: String,
}

/// The member `config` of a `verify` request.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SchemeConfig {
    signature_header: Option<String>,
    timestamp_header: Option<String>,
    include_timestamp: Option<bool>,
    message_id_header: Option<String>,
    algorithm: Option<String>,
    encoding: Option<String>,
    prefix: Option<String>,
    payload_format: Option<String>,
    secret_is_base64: bool,
    header: Option<String>,
    bearer_prefix: Option<bool>,
    param: Option<String>,
    tolerance_sec: Option<i64>,
    allow_from: Option<Vec<String>>,
}

impl SchemeConfig {
    /// Returns the scheme with this name and these settings. `None` if the name is unknown.
    fn scheme(&self, name: &str) -> Result<Option<Scheme>, Answer> {
        let header = |otherwise: &str| self.header.clone().unwrap_or_else(|| otherwise.to_owned()).into();
        Ok(match name {
            "hmac" => Some(Scheme::Hmac(self.hmac()?)),
            "bearer" => {
                let bearer = self.bearer_prefix.unwrap_or(true);
                Some(Scheme::Header { name: header("authorization"), bearer })
            }
            "header" => Some(Scheme::Header { name: header("x-secret"), bearer: self.bearer_prefix.unwrap_or(false) }),
            "url_token" => {
                Some(Scheme::UrlToken { param: self.param.clone().unwrap_or_else(|| "token".to_owned()).into() })
            }
            name => name.parse().ok(),
        })
    }

    fn hmac(&self) -> Result<HmacScheme, Answer> {
        let mut scheme = HmacScheme::new(self.signature_header.as_deref().unwrap_or("x-signature"));
        if self.include_timestamp.unwrap_or(true) {
            scheme = scheme.timestamp(self.timestamp_header.as_deref().unwrap_or("x-timestamp"));
        }
        if let Some(header) = &self.message_id_header {
            scheme = scheme.message_id(header);
        }
        if let Some(prefix) = &self.prefix {
            scheme = scheme.prefix(prefix);
        }
        let odd = || bad_request("config", ErrorCode::Type);
        if let Some(name) = &self.algorithm {
            scheme = scheme.algorithm(name.parse().map_err(|_| odd())?);
        }
        if let Some(name) = &self.encoding {
            scheme = scheme.encoding(name.parse().map_err(|_| odd())?);
        }
        if let Some(format) = &self.payload_format {
            scheme = scheme.payload_format(format)?;
        }
        Ok(if self.secret_is_base64 { scheme.base64_secret() } else { scheme })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(line: &str) -> Value {
        serde_json::from_str(&Testee::new().answer(line.as_bytes())).unwrap()
    }

    #[test]
    fn answers_whatever_comes() {
        assert_eq!(ask("not json")["seq"], Value::Null);
        assert_eq!(ask("not json")["error"]["code"], "VCP_E007");
        assert_eq!(ask("")["error"]["code"], "VCP_E007");
        let verify = |who: &str| {
            ask(&format!(
                r#"{{"seq":1,"op":"verify",{who},"headers":[],"body_text":"","secrets":[],"now":"2026-11-21T12:00:00Z"}}"#
            ))
        };
        assert_eq!(verify(r#""provider":"nobody""#)["error"]["code"], "VCP_E009");
        assert_eq!(verify(r#""provider":"vapi""#)["ok"]["outcome"], "nothing_to_verify");
        assert_eq!(ask(r#"{"seq":7}"#)["seq"], 7);
        assert_eq!(ask(r#"{"seq":1,"op":"dream"}"#)["unsupported"], "op dream");
        assert_eq!(ask(r#"{"seq":2,"op":"parse"}"#)["error"]["field_path"], "$.input_text");
        assert_eq!(ask(r#"{"seq":3,"op":"hello","protocol":1}"#)["ok"]["implementation"], "vcp-rust");
        assert_eq!(ask(r#"{"seq":4,"op":"hello","protocol":2}"#)["unsupported"], "protocol 2");
        assert_eq!(
            ask(r#"{"seq":5,"op":"map","provider":"retell","input_text":"{}","received_at":"x"}"#)["error"]["code"],
            "VCP_E001"
        );
    }
}
