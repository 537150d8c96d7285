using Overlay.Testing;

namespace Overlay.EndToEnd.Tests.Shipping;

/// <summary>deb.sh with small programs in the place of ours, for a package of ours takes seconds.</summary>
public sealed class DebianPackageBuildTests : IDisposable
{
    private const string Epoch = "SOURCE_DATE_EPOCH=1767225600";

    private readonly TempDirectory _temporary = new();

    private string Published => _temporary["published"];

    [Fact]
    public void The_same_programs_and_the_same_time_give_the_same_file()
    {
        Publish("1.2.3");
        string first = DebianPackage.Build(_temporary["first"], Published, Epoch);
        string elsewhere = _temporary["elsewhere"];
        _ = DebianPackage.Shell($"mkdir -m 2700 '{elsewhere}' && find '{Published}' -exec touch {{}} +");
        string second = DebianPackage.Shell(
            $"umask 077; {Epoch} {DebianPackage.FastCompression} TMPDIR='{elsewhere}' TZ=Asia/Tokyo "
            + $"'{Repository.Root}/deploy/deb.sh' '{_temporary["second"]}' '{Published}'").TrimEnd();
        File.ReadAllBytes(second).SequenceEqual(File.ReadAllBytes(first)).ShouldBeTrue($"{first} and {second} differ");
        DebianPackage.Shell($"dpkg-deb -c '{first}' | grep -v ' 2026-01-01 ' || true").ShouldBe("");
    }

    [Fact]
    public void Manual_pages_and_completions_are_taken_where_they_have_been_published()
    {
        Publish("1.2.3");
        foreach (string file in new[] { "man/some.8", "completion/bash/some", "completion/zsh/_some",
            "completion/fish/some.fish" })
        {
            string path = Path.Combine(Published, file);
            _ = Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, "some\n");
        }

        string[] content = Content(DebianPackage.Build(_temporary["out"], Published));
        content.ShouldContain("./usr/share/man/man8/some.8.gz");
        content.ShouldContain("./usr/share/bash-completion/completions/some");
        content.ShouldContain("./usr/share/zsh/vendor-completions/_some");
        content.ShouldContain("./usr/share/fish/vendor_completions.d/some.fish");
    }

    [Fact]
    public void A_version_before_the_release_is_one_before_it_for_dpkg_too()
    {
        Publish("1.2.3-rc.1");
        string file = DebianPackage.Build(_temporary["out"], Published);
        Path.GetFileName(file).ShouldBe("overlay-vxlan_1.2.3~rc.1-1_amd64.deb");
        _ = DebianPackage.Shell($"dpkg --compare-versions \"$(dpkg-deb -f '{file}' Version)\" lt 1.2.3-1");
    }

    [Fact]
    public void Programs_that_are_not_those_that_were_published_are_not_packed()
    {
        Publish("1.2.3");
        File.AppendAllText(Path.Combine(Published, "overlayctl"), "more");
        (int exitCode, string output) = DebianPackage.TryBuild(_temporary["out"], Published);
        exitCode.ShouldNotBe(0);
        output.ShouldContain("deb: the files in");
        Directory.GetFileSystemEntries(_temporary["out"]).ShouldBeEmpty();
    }

    [Fact]
    public void Programs_of_another_architecture_are_not_packed_as_this_ones()
    {
        Publish("1.2.3");
        _ = DebianPackage.Shell($"""
            cd '{Published}'
            printf '\267' | dd of=overlayd bs=1 seek=18 conv=notrunc status=none
            sha256sum overlayd overlayctl overlay THIRD-PARTY-NOTICES >SHA256SUMS
            """);
        (int exitCode, string output) = DebianPackage.TryBuild(_temporary["out"], Published);
        exitCode.ShouldNotBe(0);
        output.ShouldContain("are for arm64; packages are made for amd64 alone");
    }

    public void Dispose() => _temporary.Dispose();

    private static string[] Content(string file) =>
        DebianPackage.Shell($"dpkg-deb --fsys-tarfile '{file}' | tar t").Split('\n');

    private void Publish(string version)
    {
        _ = Directory.CreateDirectory(Published);
        _ = DebianPackage.Shell($$"""
            cd '{{Published}}'
            printf '#include <stdio.h>\nint main(void) { return puts("overlayd {{version}}") < 0; }\n' >source.c
            gcc -o overlayd source.c && rm source.c
            cp overlayd overlayctl && cp overlayd overlay && echo notices >THIRD-PARTY-NOTICES
            sha256sum overlayd overlayctl overlay THIRD-PARTY-NOTICES >SHA256SUMS
            """);
    }
}
