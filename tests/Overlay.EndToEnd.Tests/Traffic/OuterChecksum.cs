namespace Overlay.EndToEnd.Tests.Traffic;

/// <summary>The outer UDP checksum of what an <see cref="Impostor"/> sends, and whether it comes in trains.</summary>
public enum OuterChecksum
{
    ValidInTrains,

    ValidSingly,

    /// <summary>None (IPv4 only).</summary>
    Zero,
}
