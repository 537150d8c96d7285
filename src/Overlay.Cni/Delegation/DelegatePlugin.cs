using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Overlay.Cni.Protocol;
using Overlay.Host.Programs;

namespace Overlay.Cni.Delegation;

/// <summary>
/// Another plugin, called as the specification's section "Plugin Delegation" says: same variables, same configuration.
/// </summary>
internal sealed class DelegatePlugin
{
    private const int MostOfAnswer = 1024 * 1024;

    private readonly string _path;

    private DelegatePlugin(string path) => _path = path;

    /// <param name="type">File name of the plugin.</param>
    /// <param name="directories">CNI_PATH.</param>
    /// <exception cref="CniException">Code 7: in none of the directories.</exception>
    public static DelegatePlugin Find(string type, IReadOnlyList<string> directories)
    {
        foreach (string directory in directories)
        {
            string path = Path.Combine(directory, type);
            if (File.Exists(path)) return new(path);
        }

        string where = directories.Count == 0 ? "CNI_PATH is empty" : $"looked in {string.Join(", ", directories)}";
        throw new CniException(CniErrorCode.InvalidConfiguration, $"plugin {type} is not in CNI_PATH: {where}");
    }

    /// <summary>Calls it and waits for its end.</summary>
    /// <param name="command">CNI_COMMAND; the other variables are those this process has.</param>
    /// <param name="configuration">For its stdin.</param>
    /// <returns>Its stdout.</returns>
    /// <exception cref="CniException">
    /// It cannot be started, or answers with an error, whose code and text are passed on.
    /// </exception>
    public string Run(string command, byte[] configuration)
    {
        ProcessStartInfo start = new(_path)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        start.Environment["CNI_COMMAND"] = command;
        try
        {
            using Process process = ProgramStart.Of(start);
            Feed(process, configuration);
            string answer = ReadAnswer(process, command);
            process.WaitForExit();
            return process.ExitCode == 0 ? answer : throw Error(command, process.ExitCode, answer);
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            throw new CniException(CniErrorCode.Delegate, $"{_path} cannot be started: {exception.Message}");
        }
    }

    private string ReadAnswer(Process process, string command)
    {
        char[] answer = new char[MostOfAnswer + 1];
        using StreamReader output = process.StandardOutput;
        int length = output.ReadBlock(answer);
        if (length <= MostOfAnswer) return new(answer, 0, length);
        process.Kill(entireProcessTree: true);
        throw new CniException(
            CniErrorCode.Delegate,
            $"{_path} {command} answers with more than {MostOfAnswer} characters, and was ended");
    }

    private static void Feed(Process process, byte[] configuration)
    {
        try
        {
            process.StandardInput.BaseStream.Write(configuration);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading; its exit code and answer say why.
        }
    }

    private CniException Error(string command, int exitCode, string answer)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(Encoding.UTF8.GetBytes(answer));
            CniObject error = new(document.RootElement, "");
            uint code = error.Number("code", CniErrorCode.Delegate, uint.MaxValue, "11");
            return new(code == 0
                ? CniErrorCode.Delegate
                : code, $"{_path} {command}: {error.Text("msg")}", error.Text("details"));
        }
        catch (Exception exception) when (exception is JsonException or CniException)
        {
            return new(CniErrorCode.Delegate, $"{_path} {command} ended with exit code {exitCode}", answer.Trim());
        }
    }
}
