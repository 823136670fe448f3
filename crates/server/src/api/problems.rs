//! `GET /problems/{code}`: what a kind of problem means, for whoever follows its `type`.

use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::answer;
use crate::parameters::Segment;
use crate::problem::{Kind, Problem, TABLE};

/// A kind of problem.
#[derive(Serialize, ToSchema)]
#[schema(as = ProblemKind)]
pub struct View {
    #[schema(value_type = String)]
    code: &'static str,
    status: u16,
    #[schema(value_type = String)]
    title: &'static str,
    /// What it means and who acts next.
    #[schema(value_type = String)]
    meaning: &'static str,
}

/// Explains a kind of problem.
pub async fn get(segment: Segment) -> Result<Response, Problem> {
    let row = TABLE.iter().find(|row| row.code == segment.text());
    let row = row.ok_or_else(|| Problem::new(Kind::NotFound))?;
    Ok(answer::ok(&View {
        code: row.code,
        status: row.status,
        title: row.title,
        meaning: row.sentence,
    }))
}
