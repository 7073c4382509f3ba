//! The committed generated files are what the registries say. `UPDATE=1 cargo test --test generated` rewrites them.

use std::path::Path;

#[test]
fn generated_files_are_up_to_date() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for (path, text) in descend_core::render::files() {
        let file = root.join(path);
        if std::env::var_os("UPDATE").is_some() {
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(&file, text).unwrap();
        } else {
            let committed = std::fs::read_to_string(&file).unwrap_or_default();
            assert!(committed == text, "{path} differs from the registries: run UPDATE=1 cargo test --test generated");
        }
    }
}
