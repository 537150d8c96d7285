using Overlay.ControlPlane.Formats;
using Overlay.ControlPlane.Leases;

namespace Overlay.ControlPlane.Sources.Files;

/// <summary>One file of the lease directory as far as it was understood. Immutable.</summary>
/// <param name="Lease">The last one that made sense; null when there was none.</param>
/// <param name="Bytes">What was read last, to tell a change; null when it could not be read.</param>
/// <param name="Problem">What is wrong with the file now; the lease is then one read before.</param>
internal sealed record LeaseFile(Lease? Lease, byte[]? Bytes, string? Problem)
{
    public static LeaseFile New { get; } = new(null, null, null);

    /// <summary>The file after another look; the same instance when nothing changed.</summary>
    public LeaseFile Next(string node, LeaseFileContent content)
    {
        if (content.Problem is not null) return WithProblem(content.Problem);
        if (Bytes is not null && Bytes.AsSpan().SequenceEqual(content.Bytes)) return this;
        return LeaseJson.TryParse(node, content.Bytes, out Lease? lease, out string? error)
            ? new(lease, content.Bytes, null)
            : new(Lease, content.Bytes, error);
    }

    private LeaseFile WithProblem(string problem) => problem == Problem ? this : new(Lease, null, problem);
}
