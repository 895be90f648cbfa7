# syntax=docker/dockerfile:1
# The groundplan program, as a worker by default. To build for arm64 and amd64:
#   docker buildx build --platform linux/arm64,linux/amd64 -t registry.example/groundplan:0.1.0 --push .
# To pin an image by digest: --build-arg BASE_IMAGE=debian:trixie-slim@sha256:…

ARG BUILD_IMAGE=rust:1.95-slim-trixie
ARG BASE_IMAGE=debian:trixie-slim

FROM ${BUILD_IMAGE} AS build
# A C compiler for ring and SQLite; the base image decides on the versions.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY Cargo.toml Cargo.lock build.rs askama.toml ./
COPY catalog catalog
COPY recipes recipes
COPY docs docs
COPY schema schema
COPY src src
# Not built, but Cargo.toml refers to it.
COPY benches benches
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    cargo build --locked --release --bin groundplan

FROM ${BASE_IMAGE}
# git for push and fetch, certificates for TLS, tini as init process (PID 1); the newest versions, for their security updates.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates git tini \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 65532 groundplan \
    && useradd --uid 65532 --gid 65532 --no-create-home --home-dir /var/lib/groundplan --shell /usr/sbin/nologin groundplan \
    && install -d -m 0700 -o 65532 -g 65532 \
        /var/lib/groundplan /var/lib/groundplan/cache /var/lib/groundplan/logs /var/lib/groundplan/state
COPY --from=build /src/target/release/groundplan /usr/local/bin/groundplan
COPY LICENSE-APACHE LICENSE-MIT /usr/share/doc/groundplan/

ARG VERSION=unknown
ARG REVISION=unknown
ARG BASE_IMAGE
LABEL org.opencontainers.image.title="groundplan" \
      org.opencontainers.image.description="Creates git repositories from a catalogue of options, with exact previews" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="${BASE_IMAGE}" \
      groundplan.managed-by="groundplan"

ENV HOME=/var/lib/groundplan \
    GROUNDPLAN_CACHE_DIR=/var/lib/groundplan/cache \
    GROUNDPLAN_LOGS_DIR=/var/lib/groundplan/logs \
    GROUNDPLAN_STATE_DIR=/var/lib/groundplan/state \
    GROUNDPLAN_HEALTH=0.0.0.0:8080
VOLUME ["/var/lib/groundplan/cache", "/var/lib/groundplan/logs", "/var/lib/groundplan/state"]
USER 65532:65532
WORKDIR /var/lib/groundplan
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["/usr/local/bin/groundplan", "health"]
ENTRYPOINT ["/usr/bin/tini", "--", "/usr/local/bin/groundplan"]
CMD ["work", "--forge", "github"]
