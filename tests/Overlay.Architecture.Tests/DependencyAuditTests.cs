namespace Overlay.Architecture.Tests;

public class DependencyAuditTests
{
    [AuditFact]
    public void No_package_has_a_known_vulnerability() => DependencyAudit.Findings.ShouldBeEmpty();

    /// <summary>
    /// Skipped where a registry of this machine gives no advisories, as a mirror without them, or without a network.
    /// </summary>
    private sealed class AuditFactAttribute : FactAttribute
    {
        public AuditFactAttribute() =>
            Skip = DependencyAudit.Obstacle is { } reason ? $"no audit of packages: {reason}" : null;
    }
}
