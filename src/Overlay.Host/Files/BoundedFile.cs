using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Overlay.Host.Files;

/// <summary>
/// Reads files that others write: no more than a bound of them, and nothing that would have to be waited for.
/// </summary>
/// <remarks>Files of /proc and /sys, which have no length, count as empty.</remarks>
public static class BoundedFile
{
    /// <summary>All bytes of a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="most">The number of bytes that it may have.</param>
    /// <param name="kind">What it is, for the error: "a state file".</param>
    /// <exception cref="FileTooLongException">
    /// The file has more; the message names it, its length and the bound.
    /// </exception>
    /// <exception cref="IOException">There is none, or it cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Permission is missing, or it is a directory.</exception>
    public static byte[] Read(string path, int most, string kind)
    {
        using SafeFileHandle? file = Open(path);
        if (file is null) return [];
        long length = RandomAccess.GetLength(file);
        byte[] start = length <= most ? ReadStart(file, most + 1L) : [];
        return length <= most && start.Length <= most
            ? start
            : throw new FileTooLongException(
                $"{path} has {Math.Max(length, start.Length)} bytes, more than the {most} that {kind} may have");
    }

    /// <summary>The text of a file, UTF-8 with or without a byte order mark.</summary>
    /// <inheritdoc cref="Read"/>
    public static string ReadText(string path, int most, string kind)
    {
        ReadOnlySpan<byte> bytes = Read(path, most, kind);
        ReadOnlySpan<byte> mark = Encoding.UTF8.Preamble;
        return Encoding.UTF8.GetString(bytes.StartsWith(mark) ? bytes[mark.Length..] : bytes);
    }

    /// <summary>The first bytes of a file, where what is behind them decides nothing.</summary>
    /// <param name="path">The file.</param>
    /// <param name="most">The number of bytes that are read.</param>
    /// <exception cref="IOException">There is none, or it cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Permission is missing, or it is a directory.</exception>
    public static byte[] ReadStart(string path, int most)
    {
        using SafeFileHandle? file = Open(path);
        return file is null ? [] : ReadStart(file, most);
    }

    // Null for what has no length: a pipe or a device, which to open could mean to wait for ever.
    private static SafeFileHandle? Open(string path)
    {
        FileInfo file = new(path);
        if (file.LinkTarget is not null && file.ResolveLinkTarget(returnFinalTarget: true) is { } target)
            file = new(target.FullName);
        return file is { Exists: true, Length: 0 }
            ? null
            : File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
    }

    // The file may grow or shrink meanwhile.
    private static byte[] ReadStart(SafeFileHandle file, long most)
    {
        byte[] bytes = new byte[Math.Min(most, RandomAccess.GetLength(file) + 1)];
        int length = 0, read;
        while (length < most && (read = RandomAccess.Read(file, bytes.AsSpan(length), length)) > 0)
        {
            length += read;
            if (length == bytes.Length && length < most) Array.Resize(ref bytes, (int)Math.Min(most, length * 2L));
        }

        return bytes[..length];
    }
}

/// <summary>A file has more bytes than a file of its kind may have.</summary>
/// <param name="message">Names the file, its length and the bound.</param>
public sealed class FileTooLongException(string message) : IOException(message);
