//! The business rules, one function each. A rule takes a message without structural faults and
//! reports violations. A rule without a violation allocates no memory. The exception is
//! `VCP_E118`, which writes the canonical text of the message to compute its checksum.

mod consent;
mod contradictions;
mod identifiers;
mod older;
mod times;
mod values;

use crate::{Finding, findings::Findings};
use chrono::{DateTime, Utc};
use vcp_schema::{ErrorCode, FieldPath, Limits, VcpMessage};

pub(crate) use older::of_older;

/// The context in which a rule checks a message.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Context {
    /// The present time, as given to the validating method. `None` if none was given: then a rule
    /// uses only what the message itself states.
    pub now: Option<DateTime<Utc>>,
    /// The limits of the validator.
    pub limits: Limits,
}

/// A rule of your own, for [`Validator::rule`](crate::Validator::rule).
///
/// ```
/// use vcp_validate::{Code, Context, Finding, Rule, Validator};
/// use vcp_schema::{FieldPath, VcpMessage};
///
/// #[derive(Debug)]
/// struct KnownProvider;
/// impl Rule for KnownProvider {
///     fn check(&self, message: &VcpMessage, _: &Context) -> Vec<Finding> {
///         let provider = &message.vcp_payload.call.provider;
///         if provider == "retell" {
///             return Vec::new();
///         }
///         let provider = FieldPath::from_dotted("vcp_payload.call.provider");
///         vec![Finding::new(Code::own("ACME_1"), provider, "we use Retell only")]
///     }
/// }
/// let validator = Validator::new().rule(KnownProvider);
/// # let _ = validator;
/// ```
pub trait Rule: std::fmt::Debug + Send + Sync {
    /// Returns a finding for each violation of the rule. A panic is caught and reported as an error
    /// with the code `RULE_PANICKED`.
    fn check(&self, message: &VcpMessage, context: &Context) -> Vec<Finding>;
}

/// A rule of this crate.
pub(crate) struct BuiltIn {
    pub(crate) code: ErrorCode,
    /// `true` for a rule of the specification's own validator (`DECISIONS.md` 4.4).
    pub(crate) is_published: bool,
    pub(crate) check: fn(&VcpMessage, &Context, &mut Findings<'_>),
}

const fn published(code: ErrorCode, check: fn(&VcpMessage, &Context, &mut Findings<'_>)) -> BuiltIn {
    BuiltIn { code, is_published: true, check }
}

const fn canonical(code: ErrorCode, check: fn(&VcpMessage, &Context, &mut Findings<'_>)) -> BuiltIn {
    BuiltIn { code, is_published: false, check }
}

/// The rules for 0.5 messages, in order of their codes. Those for older messages are in `older`.
pub(crate) const ALL: &[BuiltIn] = &[
    published(ErrorCode::EndBeforeStart, times::end_before_start),
    published(ErrorCode::ConsentRevoked, consent::revoked),
    published(ErrorCode::CapabilityBeforeStart, times::capability_before_start),
    published(ErrorCode::ConsentExpired, consent::expired),
    canonical(ErrorCode::ScoreRange, values::score_range),
    canonical(ErrorCode::Negative, values::negative),
    canonical(ErrorCode::DurationMismatch, times::duration_mismatch),
    canonical(ErrorCode::SchemaVersion, contradictions::schema_version),
    canonical(ErrorCode::LegacyChannel, contradictions::legacy_channel),
    canonical(ErrorCode::ChannelContradiction, contradictions::channel_contradiction),
    canonical(ErrorCode::EmptyScope, consent::empty_scope),
    canonical(ErrorCode::DeniedArtifact, consent::denied_artifact),
    canonical(ErrorCode::ConsentTimes, consent::granted_after_expiry),
    canonical(ErrorCode::ProcessedBeforeReceived, times::processed_before_received),
    canonical(ErrorCode::RoleCosts, values::role_costs),
    canonical(ErrorCode::StatusMismatch, contradictions::status_mismatch),
    canonical(ErrorCode::ChecksumMismatch, contradictions::checksum_mismatch),
    canonical(ErrorCode::ReferenceScheme, identifiers::reference_scheme),
    canonical(ErrorCode::NoOffset, times::no_offset),
    canonical(ErrorCode::PhoneNumber, identifiers::phone_number),
    canonical(ErrorCode::FromContradiction, contradictions::from_contradiction),
    canonical(ErrorCode::DeepData, values::deep_data),
    canonical(ErrorCode::NotFinite, values::not_finite),
    canonical(ErrorCode::EmptyIdentifier, identifiers::empty_identifier),
];

/// Returns the path of a place below `vcp_payload`, whose names are separated by dots.
fn payload(dotted: &str) -> FieldPath {
    dotted.split('.').fold(FieldPath::root().name("vcp_payload"), FieldPath::name)
}

fn audit(name: &str) -> FieldPath {
    FieldPath::root().name("audit").name(name)
}
