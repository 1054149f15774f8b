//! The models of a call: what was chosen for each role, and what it did and cost (decisions 5.8).

use crate::{
    report::{How, Report, Written},
    target::ModelPart,
    transform::Value,
};
use vcp_schema::{ModelAttributionRole, ModelRole, ModelRoleInfo, VcpMessage};

/// What is known of the models so far, by role, in the order in which rules name them.
#[derive(Default)]
pub(crate) struct Models(Vec<(&'static str, Model)>);

#[derive(Default)]
struct Model {
    chosen: String,
    minutes: Option<f64>,
    tokens: Option<i64>,
    cost: Option<f64>,
}

impl Models {
    /// Notes a part; says whether it belongs to a model: without one there is nothing to attribute it to.
    pub(crate) fn note(&mut self, role: &'static str, part: ModelPart, value: &Value<'_>) -> bool {
        if let (ModelPart::Chosen, Value::Text(chosen)) = (part, value) {
            self.0.push((role, Model { chosen: chosen.to_string(), ..Model::default() }));
            return true;
        }
        let Some((_, model)) = self.0.iter_mut().find(|(of, _)| *of == role) else { return false };
        match (part, value) {
            (ModelPart::Minutes, Value::Float(minutes)) => model.minutes = Some(*minutes),
            (ModelPart::Tokens, Value::Integer(tokens)) => model.tokens = Some(*tokens),
            (ModelPart::Cost, Value::Float(cost)) => model.cost = Some(*cost),
            _ => return false,
        }
        true
    }

    /// Writes them into the message. A model that is said to have been used was used as long as the call, unless the payload knows better.
    pub(crate) fn write(self, message: &mut VcpMessage, report: &mut Report) {
        let payload = &mut message.vcp_payload;
        // Seconds of a call are far below the integers that a double holds.
        let call = payload.call.duration_sec.map(|seconds| seconds as f64 / 60.0);
        for (role, model) in self.0 {
            let mut note = |member: &str, how: How| {
                let target = format!("$.vcp_payload.outcomes.model_outcome_attribution.roles.{role}.{member}").into();
                report.written.push(Written::without_source(target, how));
            };
            note("model_id", How::Derived);
            if model.minutes.is_none() {
                note("minutes", if call.is_some() { How::Derived } else { How::Default });
            }
            let attribution = ModelAttributionRole::builder()
                .model_id(model.chosen.as_str())
                .minutes(model.minutes.or(call).unwrap_or(0.0))
                .maybe_tokens_processed(model.tokens)
                .maybe_cost_usd(model.cost)
                .build();
            let info = ModelRoleInfo::builder().chosen(model.chosen).build();
            payload.model_selection.roles.insert(ModelRole::from(role), info);
            payload.outcomes.model_outcome_attribution.roles.insert(ModelRole::from(role), attribution);
        }
    }
}
