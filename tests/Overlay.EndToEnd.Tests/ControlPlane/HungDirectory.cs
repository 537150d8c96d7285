using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Overlay.EndToEnd.Tests.ControlPlane;

/// <summary>
/// A directory that lets every call wait for ever, as a network file system does whose server is gone.
/// </summary>
/// <remarks>It is a FUSE mount of which nobody reads the requests. Calls fail at once when it ends.</remarks>
internal sealed class HungDirectory : IDisposable
{
    private readonly string _path;
    private readonly SafeFileHandle _fuse =
        File.OpenHandle("/dev/fuse", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);

    /// <summary>
    /// Lets what is mounted on the directory later show to processes that run already, in mount namespaces of their
    /// own.
    /// </summary>
    public static void Share(string path)
    {
        Run("mount", "--bind", path, path);
        Run("mount", "--make-shared", path);
    }

    public static void Unshare(string path) => Run("umount", "-l", path);

    /// <param name="path">An existing directory; what is in it is covered.</param>
    public HungDirectory(string path)
    {
        _path = path;
        string options = $"fd={_fuse.DangerousGetHandle()},rootmode=40000,user_id=0,group_id=0";
        if (Mount("hung", path, "fuse", 0, options) != 0) throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    public void Dispose()
    {
        _fuse.Dispose();
        Run("umount", "-l", _path);
    }

    private static void Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        process.WaitForExit();
    }

    // LibraryImport would need AllowUnsafeBlocks, which is reserved for Overlay.Linux.
#pragma warning disable SYSLIB1054
    [DllImport("libc", EntryPoint = "mount", SetLastError = true, CharSet = CharSet.Ansi, BestFitMapping = false,
        ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Mount(string source, string target, string type, nuint flags, string options);
#pragma warning restore SYSLIB1054
}
