//! `fuse --device`.

use crate::program::*;

fn members(folder: &tempfile::TempDir) -> [String; 2] {
    [
        write(folder, "a.csv", "id,y,p\na,1,0.5\nb,0,0.25\nc,1,0.75\nd,0,0.125\n"),
        write(folder, "b.csv", "id,p\na,0.75\nb,0.25\nc,0.5\nd,0.5\n"),
    ]
}

#[test]
fn a_device_that_is_not_known_or_not_compiled_in_is_an_error_that_says_so() {
    let folder = folder();
    let [a, b] = members(&folder);
    for name in ["abacus", "auto:1", "cpu:2", ""] {
        let ran = consort(&["fuse", &a, &b, "--device", name]);
        assert!(ran.error().contains(name) && ran.error().contains("wgpu"), "{}", ran.stderr);
    }
    for (kind, is_compiled) in [("cuda", cfg!(feature = "cuda")), ("wgpu", cfg!(feature = "wgpu"))] {
        if !is_compiled {
            let ran = consort(&["fuse", &a, &b, "--device", kind]);
            assert!(ran.error().contains(&format!("feature `{kind}`")), "{}", ran.stderr);
        }
    }
}

#[test]
fn auto_without_a_gpu_is_the_cpu_and_says_why() {
    if cfg!(any(feature = "cuda", feature = "wgpu")) {
        return;
    }
    let folder = folder();
    let [a, b] = members(&folder);
    let ran = consort(&["fuse", &a, &b, "--device", "auto", "--json"]);
    let told = ran.json();
    assert_eq!(told["device"], "cpu");
    assert!(told["warnings"].to_string().contains("so the CPU fuses"), "{}", told["warnings"]);
    let plain = consort(&["fuse", &a, &b, "--json"]).json();
    assert_eq!(told["ensemble"], plain["ensemble"]);
    assert_eq!(plain["device"], "cpu");
}

/// With the feature `wgpu` and a driver of it, Mesa's software Vulkan included; without it the CPU alone is asked.
#[test]
fn a_device_gives_what_the_cpu_gives() {
    let folder = folder();
    let [a, b] = members(&folder);
    for method in [["--rule", "geometric"], ["--rule", "vote:share"], ["--select", "greedy"]] {
        let run = |device: &str| {
            let out = path(&folder, "out.csv");
            let args = ["fuse", &a, &b, method[0], method[1], "--device", device, "-o", &out, "--json"];
            let told = consort(&args).json();
            (told["device"].clone(), numbers(&columns(&out)["p"]))
        };
        let (device, cpu) = run("cpu");
        assert_eq!((device.as_str(), cpu.len()), (Some("cpu"), 4));
        if cfg!(feature = "wgpu") {
            let (device, on) = run("wgpu");
            assert!(device.as_str().unwrap().starts_with("wgpu"), "{device}");
            near(&on, &cpu);
        }
    }
}
