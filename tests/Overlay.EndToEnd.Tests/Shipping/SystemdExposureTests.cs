using System.Globalization;
using System.Text.RegularExpressions;
using Overlay.Lab.Processes;

namespace Overlay.EndToEnd.Tests.Shipping;

/// <summary>
/// What systemd itself says of the units' exposure. That they work with it is for the tests of the service.
/// </summary>
public partial class SystemdExposureTests
{
    private const double Most = 2.0;

    private static readonly TimeSpan _limit = TimeSpan.FromSeconds(30);

    [OfflineAnalysisTheory]
    [InlineData("overlayd.service")]
    [InlineData("overlay-addresses.service")]
    public void A_units_exposure_is_below_two(string unit)
    {
        CommandResult said = Command.Run(
            _limit, "systemd-analyze",
            ["security", "--offline=true", Path.Combine(Repository.Root, "deploy", "systemd", unit)]);
        Match level = Level().Match(said.Output);
        level.Success.ShouldBeTrue(said.Output + said.Error);
        double.Parse(level.Groups[1].Value, CultureInfo.InvariantCulture).ShouldBeLessThan(Most, said.Output);
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
