using System.Diagnostics;

namespace Overlay.Testing;

/// <summary>A file system of a few pages, to be filled up or made read-only.</summary>
public sealed class SmallDisk : IDisposable
{
    public SmallDisk() => Run("mount", "-t", "tmpfs", "-o", "size=64k", "overlay-test", Path);

    public string Path { get; } = Directory.CreateTempSubdirectory("overlay-disk-").FullName;

    private string Filling => System.IO.Path.Combine(Path, "filling");

    public void Fill()
    {
        using FileStream file = File.Create(Filling, 1);
        try
        {
            while (true) file.Write(new byte[4096]);
        }
        catch (IOException)
        {
            // Full.
        }
    }

    public void MakeRoom() => File.Delete(Filling);

    public void SetReadOnly(bool isReadOnly) => Run("mount", "-o", $"remount,{(isReadOnly ? "ro" : "rw")}", Path);

    public void Dispose()
    {
        Run("umount", Path);
        Directory.Delete(Path);
    }

    private static void Run(params string[] line)
    {
        using Process process = Process.Start(line[0], line[1..]);
        process.WaitForExit();
        if (process.ExitCode != 0) throw new InvalidOperationException(string.Join(' ', line));
    }
}
