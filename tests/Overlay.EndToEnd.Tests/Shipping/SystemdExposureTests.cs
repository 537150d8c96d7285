using System.Globalization;
using System.Text.RegularExpressions;
using Overlay.Lab.Processes;

namespace Overlay.EndToEnd.Tests.Shipping;

/// <summary>
/// What systemd itself says of the units' exposure. That they work with it is for the tests of the service.
/// </summary>
public partial class SystemdExposureTests
{
    // Forwarding in the kernel costs 0.2: CAP_BPF and bpf(2). A drop-in that takes both away leaves 1.9: docs/host.md,
    // Privileges.
    private const double MostOfDaemon = 2.2;
    private const double MostOfOthers = 2.0;

    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(30);

    [OfflineAnalysisTheory]
    [InlineData("overlayd.service", MostOfDaemon)]
    [InlineData("overlay-addresses.service", MostOfOthers)]
    public void A_units_exposure_is_low(string unit, double most)
    {
        CommandResult said = Command.Run(
            _limit, "systemd-analyze",
            ["security", "--offline=true", Path.Combine(Repository.Root, "deploy", "systemd", unit)]);
        Match level = Level().Match(said.Output);
        level.Success.ShouldBeTrue(said.Output + said.Error);
        double.Parse(level.Groups[1].Value, CultureInfo.InvariantCulture).ShouldBeLessThan(most, said.Output);
    }

    /// <summary>
    /// Skipped where systemd is older than the switch that looks at a file instead of a unit it has loaded.
    /// </summary>
    private sealed partial class OfflineAnalysisTheoryAttribute : TheoryAttribute
    {
        private const int Oldest = 250;

        private static readonly Lazy<string?> _missing = new(() =>
        {
            string version = Command.Require("systemd-analyze", "--version");
            return int.Parse(Number().Match(version).Value, CultureInfo.InvariantCulture) >= Oldest
                ? null
                : $"systemd-analyze security --offline came with systemd {Oldest}; here is {version.Split('\n')[0]}";
        });

        public OfflineAnalysisTheoryAttribute() => Skip = _missing.Value;

        [GeneratedRegex("[0-9]+")]
        private static partial Regex Number();
    }

    [GeneratedRegex(@"Overall exposure level for \S+: ([0-9.]+)")]
    private static partial Regex Level();
}
