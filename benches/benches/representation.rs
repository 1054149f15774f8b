//! A comparison of ways to hold free-form data and unknown members. Its result is the reason why
//! the SDK holds them as text.
//!
//! The same full message is read in five ways:
//! * `scan`: keeps nothing.
//! * `value`: one `serde_json` tree.
//! * `tree`: types with serde's derive. Free-form data and unknown members are `serde_json` trees
//!   (`flatten`, `untagged`).
//! * `raw`: types with serde's derive. Free-form data is text, unknown members are dropped.
//! * `sdk`: the SDK's types. Free-form data and unknown members are text.
#![allow(missing_docs, clippy::expect_used, reason = "a benchmark program")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Map, Value, value::RawValue};
use std::{collections::BTreeMap, hint::black_box};
use vcp_sdk::VcpMessage;

macro_rules! types {
    ($name:ident, $Free:ty, $Capability:ty, { $($extras:tt)* }, { $($more:item)* }) => {
        #[allow(dead_code)]
        mod $name {
            use super::*;
            types! { @all $Free, $Capability, { $($extras)* },
                Message { vcp_version: String, vcp_payload: Payload, audit: Audit },
                Payload { call: Call, model_selection: ModelSelection, outcomes: Outcomes, hcr: Hcr, artifacts: Artifacts, custom: Custom, consent: Option<Consent>, provenance: Provenance },
                Call { call_id: String, session_id: String, provider: String, start_time: String, end_time: Option<String>, duration_sec: Option<i64>, parent_session_id: Option<String>, correlation_id: Option<String>, channel: Option<String>, direction: Option<String>, from: Option<String>, to: Option<String>, caller_id: Option<String>, geographic_region: Option<String>, capabilities_invoked: Vec<$Capability> },
                Invocation { capability_id: String, capability_type: String, invoked_at: String, duration_ms: Option<i64>, success: bool, error_message: Option<String>, metadata: $Free },
                ModelSelection { policy_id: String, resolved_at: String, roles: BTreeMap<String, RoleInfo>, selection_strategy: Option<String>, total_selection_time_ms: Option<f64> },
                RoleInfo { chosen: String, alternatives: Vec<String>, reason: Vec<String>, telemetry_prior: Option<Telemetry>, fallback_used: bool, selection_time_ms: Option<f64> },
                Telemetry { latency_p95: Option<f64>, success_rate: Option<f64>, cost_per_token: Option<f64>, availability: Option<f64> },
                Outcomes { perceived: Vec<String>, objective: Objective, perception_gap: Gap, model_outcome_attribution: Attribution, user_satisfaction_score: Option<f64>, business_impact: Option<$Free> },
                Objective { status: String, scored_criteria: Vec<Criteria>, metrics: $Free, confidence: Option<f64>, assessment_time_ms: Option<f64> },
                Criteria { id: String, met: bool, evidence_ref: Option<String>, score: Option<f64>, weight: Option<f64> },
                Gap { gap_score: f64, gap_class: String, factors: Option<Vec<String>>, analysis: Option<String> },
                Attribution { roles: BTreeMap<String, AttributionRole>, kpis: $Free, total_cost_usd: Option<f64>, efficiency_score: Option<f64> },
                AttributionRole { model_id: String, minutes: f64, errors: i64, tokens_processed: Option<i64>, cost_usd: Option<f64> },
                Hcr { audience: String, headline: String, outcome_status: String, key_points: Vec<String>, impact_metrics: $Free, summary: Option<String>, recommendations: Option<Vec<String>>, alert_level: Option<String> },
                Artifacts { provider_raw_payload_ref: Option<String>, audio_recording_ref: Option<String>, transcript_ref: Option<String>, system_logs_ref: Option<String>, debug_artifacts: Option<BTreeMap<String, String>>, compliance_records: Option<BTreeMap<String, String>> },
                Custom { provider_specific: BTreeMap<String, ProviderData>, integrations: Option<BTreeMap<String, $Free>>, experimental: Option<$Free> },
                ProviderData { data: $Free },
                Consent { consent_id: String, status: String, granted_at: Option<String>, expires_at: Option<String>, scope: Vec<String>, version: String, user_agent: Option<String>, ip_address_hash: Option<String> },
                Provenance { source_system: String, created_at: String, created_by: Option<String>, transformation_history: Vec<String>, data_retention_policy: Option<String>, compliance_flags: Option<Vec<String>> },
                Audit { received_at: String, schema_version: String, processed_at: Option<String>, processing_duration_ms: Option<f64>, validation_errors: Option<Vec<String>>, checksum: Option<String> },
            }
            $($more)*
        }
    };
    (@all $Free:ty, $Capability:ty, $extras:tt, $( $Type:ident { $($field:ident : $T:ty),* } ),* $(,)?) => {
        $( types! { @one $extras $Type { $($field : $T),* } } )*
    };
    (@one { $($extras:tt)* } $Type:ident { $($field:ident : $T:ty),* }) => {
        #[derive(Debug, Deserialize)]
        pub(crate) struct $Type {
            $( pub(crate) $field: $T, )*
            $($extras)*
        }
    };
}

types!(tree, Map<String, Value>, Capability, { #[serde(flatten)] pub(crate) extras: Map<String, Value> }, {
    #[derive(Debug, Deserialize)]
    #[serde(untagged)]
    pub(crate) enum Capability {
        Name(String),
        Invocation(Box<Invocation>),
    }
});

types!(raw, Box<RawValue>, Box<RawValue>, {}, {});

fn representation(criterion: &mut Criterion) {
    let text = include_str!("../../crates/vcp-schema/tests/data/full.json").replace("1e400", "1");
    let text = VcpMessage::from_json(&text).expect("the full message").to_json();
    let text = text.as_str();
    assert_eq!(
        serde_json::from_str::<tree::Message>(text).expect("tree").vcp_payload.call.capabilities_invoked.len(),
        3
    );
    assert_eq!(serde_json::from_str::<raw::Message>(text).expect("raw").vcp_payload.call.capabilities_invoked.len(), 3);

    let mut group = criterion.benchmark_group("representation");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("scan", |b| b.iter(|| serde_json::from_str::<IgnoredAny>(black_box(text))));
    group.bench_function("value", |b| b.iter(|| serde_json::from_str::<Value>(black_box(text))));
    group.bench_function("tree", |b| b.iter(|| serde_json::from_str::<tree::Message>(black_box(text))));
    group.bench_function("raw", |b| b.iter(|| serde_json::from_str::<raw::Message>(black_box(text))));
    group.bench_function("sdk", |b| b.iter(|| VcpMessage::from_json(black_box(text))));
    group.finish();
}

criterion_group!(benches, representation);
criterion_main!(benches);
