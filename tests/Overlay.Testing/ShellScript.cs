using System.Diagnostics;

namespace Overlay.Testing;

/// <summary>A program of a test's own, to be run by what is tested.</summary>
public static class ShellScript
{
    /// <summary>Writes it, and has whoever may read it run it.</summary>
    /// <param name="path">Its file.</param>
    /// <param name="text">From <c>#!</c> on.</param>
    /// <remarks>
    /// Another process writes it. This one's own descriptor would be in each child that another test starts meanwhile, until
    /// that child has its own program, and a file that is open for writing cannot be run (ETXTBSY, execve(2)).
    /// </remarks>
    public static void Write(string path, string text)
    {
        using Process install = Process.Start(
            new ProcessStartInfo("install", ["-m", "0755", "/dev/stdin", path]) { RedirectStandardInput = true })!;
        install.StandardInput.Write(text);
        install.StandardInput.Close();
        install.WaitForExit();
        if (install.ExitCode != 0) throw new IOException($"{path} cannot be written");
    }
}
