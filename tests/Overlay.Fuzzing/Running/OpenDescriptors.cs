namespace Overlay.Fuzzing.Running;

/// <summary>The open descriptors of this process.</summary>
internal static class OpenDescriptors
{
    private const string Directory = "/proc/self/fd";

    /// <summary>
    /// Their number, without those of assemblies, which the runtime opens as it gets to them and keeps, and without the
    /// one that counts them.
    /// </summary>
    public static int Count() => System.IO.Directory.EnumerateFileSystemEntries(Directory).Count(static descriptor =>
        new FileInfo(descriptor).LinkTarget is { } target
        && !target.EndsWith(".dll", StringComparison.Ordinal) && !target.EndsWith("/fd", StringComparison.Ordinal));
}
