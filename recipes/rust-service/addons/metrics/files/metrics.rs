//! Number and duration of requests, in the format of Prometheus.

use std::sync::LazyLock;
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use metrics::{counter, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

const SECONDS: [f64; 8] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0];

/// The recorder of the process, which all routers share.
static RECORDER: LazyLock<PrometheusHandle> = LazyLock::new(|| {
    let duration = Matcher::Full("http_request_duration_seconds".to_owned());
    PrometheusBuilder::new()
        .set_buckets_for_metric(duration, &SECONDS)
        .expect("the list of buckets is not empty")
        .install_recorder()
        .expect("no other recorder is installed")
});

/// Records a request by its route, not by its path, of which there are too many.
pub async fn record(route: MatchedPath, request: Request, next: Next) -> Response {
    LazyLock::force(&RECORDER);
    let start = Instant::now();
    let method = request.method().to_string();
    let route = route.as_str().to_owned();
    let response = next.run(request).await;
    let status = response.status().as_u16().to_string();
    let labels = [("method", method), ("route", route), ("status", status)];
    counter!("http_requests_total", &labels).increment(1);
    histogram!("http_request_duration_seconds", &labels).record(start.elapsed());
    response
}

/// Returns the text for Prometheus.
pub async fn render() -> String {
    RECORDER.run_upkeep();
    RECORDER.render()
}
