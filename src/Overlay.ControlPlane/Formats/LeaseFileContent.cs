using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace Overlay.ControlPlane.Formats;

/// <summary>The content of a lease's path: bytes, a reason why there are none, or nothing at all.</summary>
internal readonly record struct LeaseFileContent(byte[]? Bytes, string? Problem)
{
    /// <summary>The largest file that is read, in bytes.</summary>
    public const int MaxLength = LeaseJson.MostBytes;

    public bool IsAbsent => Bytes is null && Problem is null;

    /// <summary>A file that is there under a name no node can have, and so is not read.</summary>
    public static LeaseFileContent Misnamed(string node) =>
        new(null, $"names the node '{node}', which is no node name such as node-a or worker-1.example.com");

    /// <summary>Never throws for what is on the disk, and never waits for it.</summary>
    public static LeaseFileContent Read(string path)
    {
        try
        {
            return ReadFile(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return default;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new(null, $"cannot be read: {e.Message}");
        }
    }

    private static LeaseFileContent ReadFile(string path)
    {
        FileInfo file = new(path);
        if (file.LinkTarget is { } link)
        {
            if (file.ResolveLinkTarget(returnFinalTarget: true) is not { Exists: true } target)
                return new(null, $"is a link to {link}, where there is nothing");
            file = new(target.FullName);
        }

        if (Directory.Exists(file.FullName)) return new(null, "is a directory, not a file");

        // Throws when there is none. A pipe or a device has no length either, and to open one could wait for ever.
        if (file.Length == 0) return new([], null);
        if (file.Length > MaxLength)
            return new(null, $"has {file.Length} bytes, more than the {MaxLength} a lease may have");
        using SafeFileHandle handle =
            File.OpenHandle(file.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(MaxLength + 1);
        int length = 0;
        try
        {
            int read;
            while (length <= MaxLength && (read = RandomAccess.Read(
                handle, buffer.AsSpan(length, MaxLength + 1 - length), length)) > 0) length += read;
            return length > MaxLength
                ? new(null, $"has more than the {MaxLength} bytes a lease may have")
                : new(buffer[..length], null);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
