using System.Text;

namespace Overlay.Pods.Operations;

/// <summary>Reads what is new in a journal, from the moment that it is made on. One thread at a time.</summary>
public sealed class OperationReader
{
    private readonly OperationJournal _journal;
    private long _offset;

    /// <param name="journal">What is in it already is not read.</param>
    public OperationReader(OperationJournal journal)
    {
        _journal = journal;
        FileInfo file = new(journal.Path);
        _offset = file.Exists ? file.Length : 0;
    }

    /// <summary>The calls since the last time. None where the journal is not there, or is not this process's to read.</summary>
    public IReadOnlyList<CniOperation> Take()
    {
        List<CniOperation> operations = [];
        try
        {
            FileInfo file = new(_journal.Path);

            // A shorter file is another one than before: the rest of that one has its new name.
            if ((file.Exists ? file.Length : 0) < _offset)
            {
                if (File.Exists(_journal.FormerPath)) Read(_journal.FormerPath, operations);
                _offset = 0;
            }

            if (file.Exists) Read(_journal.Path, operations);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The next time, perhaps. Nothing depends on a count.
        }

        return operations;
    }

    private void Read(string path, List<CniOperation> operations)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        if (file.Length <= _offset) return;
        byte[] text = new byte[Math.Min(file.Length - _offset, 2 * OperationJournal.FullSize)];
        _ = file.Seek(_offset, SeekOrigin.Begin);
        int length = file.ReadAtLeast(text, text.Length, throwOnEndOfStream: false);

        // A line whose end is not there yet is read the next time.
        int end = text.AsSpan(0, length).LastIndexOf((byte)'\n') + 1;
        _offset += end;
        foreach (string line in Encoding.ASCII.GetString(text, 0, end).Split('\n'))
        {
            if (CniOperation.TryParse(line, out CniOperation operation)) operations.Add(operation);
        }
    }
}
