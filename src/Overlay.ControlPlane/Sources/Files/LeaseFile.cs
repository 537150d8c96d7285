using Overlay.ControlPlane.Formats;
using Overlay.ControlPlane.Leases;

namespace Overlay.ControlPlane.Sources.Files;

/// <summary>One file of the lease directory as far as it was understood. Immutable.</summary>
/// <param name="Lease">The last lease that made sense; null when there was none.</param>
/// <param name="Bytes">The bytes read last, to detect a change; null when the file could not be read.</param>
/// <param name="Problem">The problem of the file now; the lease is then an earlier one.</param>
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
