using System.Diagnostics;
using Overlay.Testing;

namespace Overlay.EndToEnd.Tests.Shipping;

/// <summary>publish.sh beside an SDK that writes down what it is given, in the worst of environments.</summary>
public sealed class HostileEnvironmentTests : IDisposable
{
    private const string Sdk = """
        #!/bin/bash
        if [[ $1 == --version ]]; then echo 10.0.100; exit; fi
        [[ $1 == publish ]] || exit 3
        for argument in "$@"; do
          [[ ${previous:-} != -o ]] || out="$argument"
          previous="$argument"
        done
        { printf '%s\n' "$@"; echo "umask=$(umask)"; env; } >"$SEEN/$(basename "$out")"
        mkdir -p "$out"
        printf '#!/bin/sh\necho %s 1.2.3\n' "$(basename "$out")" >"$out/$(basename "$out")"
        """;

    private readonly TempDirectory _temporary = new();

    private string Tree => _temporary["a clone"];

    private string Seen => _temporary["seen"];

    [Fact]
    public void What_a_shell_has_set_decides_nothing_of_what_is_published()
    {
        CopyScripts();
        string fakes = _temporary["fakes"];
        foreach (string tool in new[] { "clang", "lld", "ld.lld", "llvm-objcopy", "llvm-strip" })
            Program(Path.Combine(fakes, tool), "#!/bin/sh\nexit 1\n");
        Program(Path.Combine(fakes, "dotnet"), "#!/bin/sh\necho 8.0.100\n");
        string sdk = _temporary["an sdk"];
        Program(Path.Combine(sdk, "dotnet"), Sdk);
        _ = Directory.CreateDirectory(Seen);

        string log = Publish(
            "out of it", $"PATH={fakes}:/usr/bin:/bin", $"DOTNET_ROOT={sdk}", $"SEEN={Seen}",
            $"TMPDIR={_temporary["missing"]}", "LC_ALL=de_DE.UTF-8", "CDPATH=/usr:/etc", "Configuration=Debug",
            "PLATFORM=x86", "PublishAot=false", "ObjCopyName=llvm-objcopy", "CppCompilerAndLinker=clang",
            "LinkerFlavor=lld");

        string output = _temporary["out of it"];
        foreach (string program in new[] { "overlayd", "overlayctl", "overlay" })
        {
            log.ShouldContain($"{program} 1.2.3");
            UnixFileMode everybody = UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
            (File.GetUnixFileMode(Path.Combine(output, program)) & everybody).ShouldBe(everybody);
            string[] given = File.ReadAllLines(Path.Combine(Seen, program));
            given.ShouldContain("LC_ALL=C.UTF-8");
            given.ShouldContain("umask=0022");
            given.ShouldContain(static line => line.StartsWith("HOME=/", StringComparison.Ordinal));
            foreach (string foreign in new[] { "Configuration=", "PLATFORM=", "PublishAot=", "ObjCopyName=",
                "CppCompilerAndLinker=", "LinkerFlavor=", "CDPATH=" })
                given.ShouldNotContain(line => line.StartsWith(foreign, StringComparison.Ordinal), program);
        }

        foreach (string native in new[] { "overlayctl", "overlay" })
        {
            string[] given = File.ReadAllLines(Path.Combine(Seen, native));
            foreach (string tool in new[] { "CppCompilerAndLinker=gcc", "ObjCopyName=objcopy", "LinkerFlavor=bfd" })
                given.ShouldContain($"-p:{tool}");
        }

        File.GetUnixFileMode(Path.Combine(output, "SHA256SUMS")).HasFlag(UnixFileMode.OtherRead).ShouldBeTrue();
    }

    public void Dispose() => _temporary.Dispose();

    private void CopyScripts()
    {
        string deploy = Directory.CreateDirectory(Path.Combine(Tree, "deploy")).FullName;
        foreach (string script in new[] { "publish.sh", "prerequisites.sh" })
            File.Copy(Path.Combine(Repository.Root, "deploy", script), Path.Combine(deploy, script));
        foreach (string file in new[] { "global.json", "THIRD-PARTY-NOTICES" })
            File.Copy(Path.Combine(Repository.Root, file), Path.Combine(Tree, file));
    }

    private static void Program(string path, string text)
    {
        _ = Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        ShellScript.Write(path, text);
    }

    // By a relative path, without a home, and with a umask that hides everything from others.
    private string Publish(string directory, params string[] environment)
    {
        ProcessStartInfo start = new("env",
            ["-i", .. environment, "bash", "-c", "umask 077; exec deploy/publish.sh \"$0\"", _temporary[directory]])
        {
            WorkingDirectory = Tree,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process publish = Process.Start(start)!;
        Task<string> error = publish.StandardError.ReadToEndAsync();
        string output = publish.StandardOutput.ReadToEnd();
        publish.WaitForExit();
        publish.ExitCode.ShouldBe(0, output + error.Result);
        return output;
    }
}
