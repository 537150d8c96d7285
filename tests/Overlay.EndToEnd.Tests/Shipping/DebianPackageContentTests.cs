using System.Globalization;

namespace Overlay.EndToEnd.Tests.Shipping;

/// <summary>The package by the rules of Debian.</summary>
public class DebianPackageContentTests
{
    [Fact]
    public void Lintian_finds_no_error()
    {
        (int exitCode, string output) = DebianPackage.Run(
            "lintian", "--allow-root", "--fail-on", "error", "--tag-display-limit", "0", DebianPackage.Path);
        exitCode.ShouldBe(0, output);
        output.ShouldNotContain("W: overlay-vxlan: mismatched-override");
    }

    [Fact]
    public void The_package_names_its_version_and_the_libraries_that_its_programs_need()
    {
        string version = DebianPackage.Shell($"{PublishedPrograms.Directory}/overlayd --version").Trim().Split(' ')[1];
        string Field(string name) => DebianPackage.Shell($"dpkg-deb -f '{DebianPackage.Path}' {name}").Trim();
        Field("Package").ShouldBe(DebianPackage.Name);
        Field("Version").ShouldBe($"{version}-1");
        string[] needed = Field("Depends").Split(", ");
        foreach (string package in new[] { "libgcc-s1", "libstdc++6", "nftables" })
            needed.Select(static dependency => dependency.Split(' ')[0]).ShouldContain(package);

        // The youngest symbol of the C library that one of the programs asks for.
        string symbols = DebianPackage.Shell(
            $"cd {PublishedPrograms.Directory} && objdump -T overlayd overlayctl | grep -o 'GLIBC_[0-9.]*' | cut -c 7-");
        Version youngest = symbols.Split('\n', StringSplitOptions.RemoveEmptyEntries).Max(Version.Parse)!;
        needed.ShouldContain(string.Create(CultureInfo.InvariantCulture, $"libc6 (>= {youngest})"));
    }
}
