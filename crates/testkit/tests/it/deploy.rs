//! The files that operators copy, beside what the server is: each setting that they name exists, nothing runs as root, and
//! nobody is killed while it drains.
//!
//! Whether they do what they promise is shown by running them where they can be run; these are read.

use std::collections::BTreeSet;

use yaml_rust2::{Yaml, YamlLoader};

use crate::tree::{File, files, nothing_in, read};

const PREFIX: &str = "CLOAKROOM_";

/// Variables that are no settings: they come before all settings, or tell the scripts which program to run.
const NO_SETTINGS: &[&str] = &["CLOAKROOM_CONFIG"];

#[test]
fn every_variable_in_a_file_to_deploy_is_a_setting() {
    let settings = settings();
    assert!(settings.len() > 30, "only {} settings are found", settings.len());
    let mut complaints = Vec::new();
    let mut named = BTreeSet::new();
    for file in to_deploy() {
        for variable in variables(&file.text) {
            let key = variable.trim_start_matches(PREFIX).to_ascii_lowercase();
            let plain = key.strip_suffix("_file").unwrap_or(&key);
            if !settings.contains(plain) && !NO_SETTINGS.contains(&variable.as_str()) {
                complaints.push(format!("{}: {variable}", file.path));
            }
            named.insert(variable);
        }
    }
    assert!(named.len() > 5, "only {} variables are named", named.len());
    nothing_in(&complaints, "no such setting:");
}

#[test]
fn nothing_to_deploy_runs_as_root_or_writes_where_it_need_not() {
    let containerfile = read("deploy/Containerfile");
    let user = containerfile.lines().rfind(|line| line.starts_with("USER ")).unwrap();
    assert_eq!(user, "USER 10001:10001");
    let pod = &deployment()["spec"]["template"]["spec"];
    let of_all = &pod["securityContext"];
    assert_eq!(of_all["runAsNonRoot"].as_bool(), Some(true));
    assert_eq!(of_all["runAsUser"].as_i64(), Some(10001));
    assert_eq!(of_all["seccompProfile"]["type"].as_str(), Some("RuntimeDefault"));
    assert_eq!(pod["automountServiceAccountToken"].as_bool(), Some(false));
    for container in pod["containers"].as_vec().unwrap() {
        let own = &container["securityContext"];
        assert_eq!(own["readOnlyRootFilesystem"].as_bool(), Some(true));
        assert_eq!(own["allowPrivilegeEscalation"].as_bool(), Some(false));
        assert_eq!(own["capabilities"]["drop"][0].as_str(), Some("ALL"));
    }
    let compose = parsed("deploy/cluster/compose.yaml");
    for name in ["node1", "nginx"] {
        let service = &compose["services"][name];
        let user = service["user"].as_str().unwrap_or("0");
        assert!(!user.starts_with('0'), "{name} runs as {user}");
        assert_eq!(service["read_only"].as_bool(), Some(true), "{name}");
        assert_eq!(service["cap_drop"][0].as_str(), Some("ALL"), "{name}");
    }
}

#[test]
fn nobody_is_killed_while_it_drains() {
    let drain = seconds(&default_of("drain"));
    let pod = &deployment()["spec"]["template"]["spec"];
    let pause = &pod["containers"][0]["lifecycle"]["preStop"]["exec"]["command"];
    assert_eq!(pause[0].as_str(), Some("sleep"));
    let pause: i64 = pause[1].as_str().unwrap().parse().unwrap();
    let grace = pod["terminationGracePeriodSeconds"].as_i64().unwrap();
    assert!(grace > pause + drain, "{grace} s are less than {pause} s and {drain} s");
    let compose = parsed("deploy/cluster/compose.yaml");
    let grace = seconds(compose["services"]["node1"]["stop_grace_period"].as_str().unwrap());
    assert!(grace > drain, "{grace} s are less than {drain} s");
}

#[test]
fn what_selects_the_nodes_finds_them() {
    let deployment = deployment();
    let labels = &deployment["spec"]["template"]["metadata"]["labels"];
    assert!(labels.as_hash().is_some_and(|labels| !labels.is_empty()));
    let spec = |file: &str| parsed(file)["spec"].clone();
    assert_eq!(&deployment["spec"]["selector"]["matchLabels"], labels);
    assert_eq!(&spec("deploy/kubernetes/service.yaml")["selector"], labels);
    let disruption = spec("deploy/kubernetes/disruption.yaml");
    assert_eq!(&disruption["selector"]["matchLabels"], labels);
    assert_eq!(&spec("deploy/kubernetes/network.yaml")["podSelector"]["matchLabels"], labels);
    let pod = &deployment["spec"]["template"]["spec"];
    for spread in pod["topologySpreadConstraints"].as_vec().unwrap() {
        assert_eq!(&spread["labelSelector"]["matchLabels"], labels);
    }
    // One node fewer than there are must be enough, or nobody could replace one.
    let replicas = deployment["spec"]["replicas"].as_i64().unwrap();
    assert!(replicas - disruption["maxUnavailable"].as_i64().unwrap() >= 2);
}

#[test]
fn every_image_is_of_a_version() {
    let mut complaints = Vec::new();
    let mut images = 0;
    for file in to_deploy() {
        for line in file.text.lines().map(str::trim) {
            let Some(image) = line.strip_prefix("image: ") else { continue };
            images += 1;
            // Ours is built beside.
            let version = image.rsplit_once(':').map_or("", |(_, version)| version);
            if image != "cloakroom" && !version.starts_with(|first: char| first.is_ascii_digit()) {
                complaints.push(format!("{}: {image}", file.path));
            }
        }
    }
    assert!(images > 3, "only {images} images are named");
    nothing_in(&complaints, "nobody knows what this is tomorrow:");
}

#[test]
fn variables_and_times_are_read_as_they_are_written() {
    let found = variables("CLOAKROOM_LISTEN=x ${CLOAKROOM_MASTER_KEY:?} CLOAKROOM_=y");
    assert_eq!(found, ["CLOAKROOM_LISTEN".to_owned(), "CLOAKROOM_MASTER_KEY".to_owned()].into());
    assert_eq!((seconds("10s"), seconds("2m")), (10, 120));
}

fn to_deploy() -> Vec<File> {
    files().into_iter().filter(|file| file.path.starts_with("deploy/")).collect()
}

fn parsed(path: &str) -> Yaml {
    let mut documents = YamlLoader::load_from_str(&read(path)).unwrap();
    assert_eq!(documents.len(), 1, "{path}");
    documents.remove(0)
}

fn deployment() -> Yaml {
    parsed("deploy/kubernetes/deployment.yaml")
}

/// The keys of all settings, from the page that is made from their table.
fn settings() -> BTreeSet<String> {
    rows().map(|row| row[0].clone()).collect()
}

/// What a setting is by default.
fn default_of(key: &str) -> String {
    rows().find(|row| row[0] == key).unwrap()[2].clone()
}

/// Key, form and default of each setting.
fn rows() -> impl Iterator<Item = Vec<String>> {
    let page = read("docs/config.md");
    let rows: Vec<Vec<String>> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .map(|row| row.split(" | ").map(|cell| cell.trim_matches('`').to_owned()).collect())
        .collect();
    rows.into_iter()
}

fn variables(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_uppercase() && !c.is_ascii_digit() && c != '_');
    words.filter(|word| word.starts_with(PREFIX) && *word != PREFIX).map(str::to_owned).collect()
}

fn seconds(text: &str) -> i64 {
    let (number, unit) = text.split_at(text.len() - 1);
    let number: i64 = number.parse().unwrap();
    match unit {
        "s" => number,
        "m" => number * 60,
        _ => panic!("{text} is no number of seconds or minutes"),
    }
}
