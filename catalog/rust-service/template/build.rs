//! Compiles the crate again when a migration is added, because the binary contains the migrations.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
