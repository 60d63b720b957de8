//! `sigs.k8s.io/yaml` v1.6.0 on go-yaml v2.4.4: YAML in and out, exactly as Helm does it.

#![warn(clippy::disallowed_methods)]

pub mod resolve;
