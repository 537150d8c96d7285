using Overlay.Host.Files;

namespace Overlay.ControlPlane.Sources.Kubernetes.Credentials;

/// <summary>PEM text, inline or in a file that may be replaced at any time. Immutable.</summary>
internal sealed record PemSource(string? Path, string? Text)
{
    private const int MostBytes = 1024 * 1024;

    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Permission is missing.</exception>
    public string Read() => Text ?? BoundedFile.ReadText(Path!, MostBytes, "a PEM file");

    public override string ToString() => Path ?? "the kubeconfig's data";
}
