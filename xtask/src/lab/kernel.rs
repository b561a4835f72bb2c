//! The machine's kernel: Debian's own, with the modules that the lab needs.
//!
//! Its package is fetched and unpacked, never installed: the host boots what it always did. From
//! it come the kernel, and an archive with busybox, our first program and the modules in the order
//! in which they can be loaded.

use std::collections::HashMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::{debian, run};

/// The package that names the current kernel's.
const META_PACKAGE: &str = "linux-image-amd64";
/// What is loaded, each after those it needs. A name that is not there is built in.
const MODULES: &[&str] = &[
    // The host's files, and the way out.
    "virtio_pci",
    "9pnet_virtio",
    "9p",
    "overlay",
    "virtio_console",
    "virtio-rng",
    // Radios. The ciphers of WPA2 and WPA3 are asked for by name, which depmod does not see.
    "ctr",
    "ccm",
    "gcm",
    "cmac",
    "ghash-generic",
    "mac80211_hwsim",
    // A home network is a bridge; a hotspot of NetworkManager wants a firewall with checksums.
    "bridge",
    "crc32c_generic",
    "nf_tables",
    "nft_ct",
    "nft_nat",
    "nft_masq",
    "nft_redir",
    "nft_chain_nat",
];
/// The first program; runs in busybox.
const INIT: &str = include_str!("init.sh");
const BUSYBOX: &str = "/bin/busybox";

/// A kernel that is ready to be started.
pub(super) struct Kernel {
    folder: PathBuf,
}

impl Kernel {
    /// The one that Debian ships now, fetched into the lab's folder where it is not there yet.
    pub(super) fn prepare(lab: &Path) -> Result<Self> {
        let package = current_package()?;
        let kernel = Self {
            folder: lab.join(&package),
        };
        let unpacked = kernel.folder.join("package");
        if !kernel.image().exists() {
            eprintln!("xtask: fetching {package}, once");
            fetch(&package, &kernel.folder, &unpacked)?;
            unpack_image(&unpacked.join("boot"), &kernel.image())?;
        }
        // Made anew each time: our first program or the list of modules may have changed.
        kernel.write_initrd(&unpacked)?;
        Ok(kernel)
    }

    pub(super) fn image(&self) -> PathBuf {
        self.folder.join("kernel")
    }

    pub(super) fn initrd(&self) -> PathBuf {
        self.folder.join("initrd")
    }

    fn write_initrd(&self, unpacked: &Path) -> Result<()> {
        let modules = unpacked.join("lib/modules");
        let version = only_entry(&modules)?;
        run(Command::new(BUSYBOX)
            .args(["depmod", "-b"])
            .arg(unpacked)
            .arg(&version))?;
        let modules = modules.join(&version);
        let table = fs::read_to_string(modules.join("modules.dep"))
            .context("reading what modules depend on")?;
        let root = self.folder.join("initrd.d");
        if root.exists() {
            fs::remove_dir_all(&root).context("clearing the last archive")?;
        }
        for folder in ["bin", "modules", "dev", "proc", "sys", "host", "rw", "new"] {
            fs::create_dir_all(root.join(folder)).context("making the archive's folders")?;
        }
        let order = load_order(&table, MODULES);
        let mut names = String::new();
        for path in order {
            let name = path.rsplit('/').next().unwrap_or(path);
            fs::copy(modules.join(path), root.join("modules").join(name))
                .with_context(|| format!("copying {path}"))?;
            names = names + name + "\n";
        }
        fs::write(root.join("modules/order"), names).context("writing the order of modules")?;
        fs::copy(BUSYBOX, root.join("bin/busybox")).context("copying busybox")?;
        let init = root.join("init");
        fs::write(&init, INIT).context("writing the first program")?;
        run(Command::new("chmod").arg("755").arg(&init))?;
        archive(&root, &self.initrd())
    }
}

fn current_package() -> Result<String> {
    if let Some(package) = asked_package()? {
        return Ok(package);
    }
    // A fresh machine or container has no lists of packages yet.
    if debian::is_root_on_debian() {
        debian::update()?;
    }
    asked_package()?.with_context(|| format!("apt does not know {META_PACKAGE}: `apt-get update`"))
}

/// `Depends: linux-image-6.1.0-56-amd64 (= 6.1.192-2)`
fn asked_package() -> Result<Option<String>> {
    let asked = Command::new("apt-cache")
        .args(["show", "--no-all-versions", META_PACKAGE])
        .output()
        .context("asking apt for the kernel")?;
    let text = String::from_utf8(asked.stdout).context("apt's answer")?;
    let depends = text.lines().find_map(|line| line.strip_prefix("Depends: "));
    let first = depends.and_then(|packages| packages.split([' ', ',']).next());
    Ok(first.map(str::to_owned))
}

fn fetch(package: &str, folder: &Path, unpacked: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    // Its own user could not write here.
    run(Command::new("apt-get")
        .args(["-qq", "-o", "APT::Sandbox::User=root", "download", package])
        .current_dir(folder))?;
    let is_package = |path: &PathBuf| path.extension().is_some_and(|end| end == "deb");
    let file = entries(folder)?
        .into_iter()
        .find(is_package)
        .context("apt downloaded nothing")?;
    run(Command::new("dpkg-deb").arg("-x").arg(&file).arg(unpacked))?;
    fs::remove_file(&file).context("removing the package")
}

/// Takes the kernel out of its self-extracting image, as the kernel's boot protocol describes it:
/// an emulated machine would take many seconds for it.
fn unpack_image(boot: &Path, to: &Path) -> Result<()> {
    let is_image = |path: &PathBuf| path.to_string_lossy().contains("vmlinuz");
    let image = entries(boot)?
        .into_iter()
        .find(is_image)
        .context("a kernel in its package")?;
    let bytes = fs::read(&image).with_context(|| format!("reading {}", image.display()))?;
    let payload = payload(&bytes).context("not an image of a kernel for x86")?;
    let mut xz = Command::new("xz")
        .args(["--decompress", "--stdout", "--single-stream"])
        .stdin(Stdio::piped())
        .stdout(fs::File::create(to.with_extension("new")).context("making the kernel's file")?)
        .spawn()
        .context("starting xz")?;
    let mut input = xz.stdin.take().context("xz's input")?;
    input.write_all(payload).context("unpacking the kernel")?;
    drop(input);
    ensure!(xz.wait()?.success(), "xz could not unpack the kernel");
    fs::rename(to.with_extension("new"), to).context("keeping the kernel")
}

/// Documentation/x86/boot.rst: `setup_sects` at 0x1f1, `payload_offset` and `payload_length` at
/// 0x248, counted from the end of the setup sectors.
fn payload(image: &[u8]) -> Option<&[u8]> {
    const SECTOR: usize = 512;
    let word = |at: usize| {
        let bytes = image.get(at..at + 4)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(bytes)).ok()
    };
    // Zero stands for four, and the boot sector comes on top.
    let sectors = match *image.get(0x1f1)? {
        0 => 4,
        n => usize::from(n),
    };
    let from = (sectors + 1) * SECTOR + word(0x248)?;
    image.get(from..from + word(0x24c)?)
}

/// The files to load, in order, for these modules; from depmod's table, `file: needed needed`, which
/// names what a module needs in the reverse of the order.
fn load_order<'a>(table: &'a str, names: &[&str]) -> Vec<&'a str> {
    let plain = |name: &str| name.replace('-', "_");
    let lines = table.lines().filter_map(|line| line.split_once(':'));
    let by_name: HashMap<String, (&str, &str)> = lines
        .filter_map(|(file, needs)| {
            let name = file.rsplit('/').next()?.split('.').next()?;
            Some((plain(name), (file, needs)))
        })
        .collect();
    let mut order = Vec::new();
    for (file, needs) in names.iter().filter_map(|name| by_name.get(&plain(name))) {
        for one in needs.split_whitespace().rev().chain([*file]) {
            if !order.contains(&one) {
                order.push(one);
            }
        }
    }
    order
}

/// An archive as the kernel takes it.
fn archive(root: &Path, to: &Path) -> Result<()> {
    let pack = format!("find . | {BUSYBOX} cpio -o -H newc");
    let packed = Command::new("sh")
        .args(["-c", &pack])
        .current_dir(root)
        .stderr(Stdio::null())
        .output()
        .context("packing the archive")?;
    ensure!(packed.status.success(), "the archive could not be packed");
    fs::write(to, packed.stdout).context("writing the archive")
}

fn only_entry(folder: &Path) -> Result<String> {
    let all = entries(folder)?;
    let [one] = all.as_slice() else {
        bail!("{} holds {} things, not one", folder.display(), all.len());
    };
    let name = one.file_name().context("a name")?;
    Ok(name.to_string_lossy().into_owned())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let read = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    let paths: std::io::Result<Vec<_>> = read.map(|entry| Ok(entry?.path())).collect();
    Ok(paths?)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::{load_order, payload};

    fn check(names: &[&str], expected: Expect) {
        let table = "kernel/net/wireless/cfg80211.ko: kernel/net/rfkill/rfkill.ko\n\
             kernel/net/mac80211/mac80211.ko: kernel/net/wireless/cfg80211.ko kernel/net/rfkill/rfkill.ko\n\
             kernel/net/rfkill/rfkill.ko:\n\
             kernel/crypto/ghash-generic.ko.xz:\n";
        expected.assert_eq(&load_order(table, names).join("\n"));
    }

    #[test]
    fn a_module_comes_after_what_it_needs() {
        check(
            &["mac80211"],
            expect![[r#"
                kernel/net/rfkill/rfkill.ko
                kernel/net/wireless/cfg80211.ko
                kernel/net/mac80211/mac80211.ko"#]],
        );
    }

    #[test]
    fn a_module_is_loaded_once_and_one_that_is_built_in_not_at_all() {
        check(
            &["cfg80211", "built_in", "rfkill", "ghash_generic"],
            expect![[r#"
                kernel/net/rfkill/rfkill.ko
                kernel/net/wireless/cfg80211.ko
                kernel/crypto/ghash-generic.ko.xz"#]],
        );
    }

    #[test]
    fn an_image_that_is_cut_has_no_payload() {
        let mut image = vec![0; 0x1000];
        image[0x1f1] = 1;
        image[0x248] = 16;
        image[0x24c] = 3;
        assert_eq!(payload(&image), Some([0; 3].as_slice()));
        assert_eq!(payload(&image[..0x412]), None);
        assert_eq!(payload(&[]), None);
    }
}
