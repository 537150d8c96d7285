namespace Overlay.EndToEnd.Tests.Faults;

/// <summary>
/// Classes that make faults on one scene by turns: each test leaves it as it was, so three nodes are started once.
/// </summary>
[CollectionDefinition(Name)]
public sealed class FaultScenes : ICollectionFixture<FaultScene>
{
    public const string Name = "Overlay.EndToEnd.Tests.Faults.FaultScenes";
}
