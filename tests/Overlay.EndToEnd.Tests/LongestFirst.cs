using Xunit.Abstractions;

namespace Overlay.EndToEnd.Tests;

/// <summary>
/// Starts the classes that take longest first, so that neither lane is left with a long one at the end.
/// </summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    // By the seconds they take; a class that is not listed is short.
    private static readonly string[] _long =
    [
        "OffloadTests",
        "FaultScenes",
        "KernelPeerTests",
        "SystemdServiceTests",
        "BadValueTests",
        "DebianPackageTests",
        "DebianPackageContentTests",
        "WireFormatTests",
        "StatusPageTests",
        "OverlayctlTests",
        "StartAndStopTests",
        "ForwardPolicyTests",
        "KubernetesControlPlaneTests",
        "CorruptionTests",
        "HungStoreTests",
        "EtcdControlPlaneTests",
        "EtcdClusterTests",
        "PodTrafficTests",
        "LabTests",
        "MonitoringTests",
        "PacketFilterTests",
        "RuntimeTests",
        "MasqueradeTests",
        "HostileInputTests",
    ];

    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) =>
        testCollections.OrderBy(static collection => Rank(collection.DisplayName))
            .ThenBy(static collection => collection.DisplayName, StringComparer.Ordinal);

    // A class without a collection of its own is one by the name "Test collection for NAMESPACE.CLASS".
    private static int Rank(string collection)
    {
        int rank = Array.FindIndex(_long, name => collection.EndsWith($".{name}", StringComparison.Ordinal));
        return rank < 0 ? _long.Length : rank;
    }
}
