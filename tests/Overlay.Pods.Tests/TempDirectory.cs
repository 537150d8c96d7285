namespace Overlay.Pods.Tests;

/// <summary>A directory of the test's own, gone with it.</summary>
public sealed class TempDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("overlay-ipam-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
